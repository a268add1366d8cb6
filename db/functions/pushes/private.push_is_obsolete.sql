-- A push carries one value. When the record holds another by now, or none, a later push carries that one; and a record that
-- was merged into another has nothing more to say to the member system.
create or replace function private.push_is_obsolete(p_push sync.pushes)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select p_push.personnummer_index is distinct from (
      select m.personnummer_index from registry.members as m where m.id = p_push.member_id)
    or exists (select from registry.members as m where m.id = p_push.member_id and m.merged_into is not null)
    or exists (select from sync.pushes as newer where newer.member_id = p_push.member_id and newer.state = 'pending' and newer.id <> p_push.id)
$$;
comment on function private.push_is_obsolete is 'In: a push. Out: whether the record has moved on.';
