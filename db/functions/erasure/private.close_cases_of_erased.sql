-- A login that found several members may open its case in the very moment in which one of them is erased: nothing locks a member who is only a
-- candidate. Such a case is closed within a minute; the login stays in the list of those that belong to nobody.
create or replace function private.close_cases_of_erased()
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.supersede_cases(array(
    select c.id from registry.conflicts as c
    where c.closed_at is null and c.opened_at > clock_timestamp() - interval '5 minutes' and c.kind <> 'push_failed' and exists (
      select from registry.members as m
      where m.id = any (c.candidates || array[c.member_id, c.other_member_id]) and m.erased_at is not null)),
    'worker', 'Somebody whom the case was about was erased.')
$$;
comment on function private.close_cases_of_erased is 'Closes cases that were opened about somebody who was being erased at that moment.';
