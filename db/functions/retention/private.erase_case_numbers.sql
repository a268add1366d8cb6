-- A decision about a number is remembered as long as the number may be: while a login that brought it is kept, and for imports and
-- comparisons, which leave no rows, for the same time after they brought it last. Then the case forgets it in every form, and if the
-- number comes again, it is a new case. Nothing is taken from a case that is open, or whose decision can be taken back.
create or replace function private.erase_case_numbers(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant uuid[] := array(
    select due.id from registry.organizations as g
    cross join lateral (
      select c.id from registry.conflicts as c
      where c.organization_id = g.id and c.personnummer_index is not null and c.closed_at < now() - private.undo_time() - interval '1 day'
        and (c.number_seen_at is null or c.number_seen_at < now() - coalesce(g.retention, interval '1 year'))
        and not exists (select from registry.observations as o where o.id = c.observation_id and o.personnummer_index is not null)
        and not exists (
          select from registry.observations as o
          where o.organization_id = c.organization_id and o.member_id = c.member_id
            and (o.personnummer_index || o.personnummer_index_previous) && (c.personnummer_index || c.personnummer_index_previous))
      order by c.closed_at limit p_most for update skip locked) as due
    limit p_most);
begin
  update registry.conflicts as c
  set personnummer_index = null, personnummer_index_previous = '{}', detail = c.detail - array['personnummer', 'live_masked']
  where c.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_case_numbers is 'In: how many at most. Out: how many closed cases lost every form of their number, because the organisation''s time for it is over.';
