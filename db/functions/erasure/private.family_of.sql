-- A person is all records that were merged with each other: each of them may have had a number and a place in the member system.
create or replace function private.family_of(p_member_id uuid)
returns uuid[]
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  with recursive up(id, organization_id, merged_into) as (
    select m.id, m.organization_id, m.merged_into from registry.members as m where m.id = p_member_id
    union
    select m.id, m.organization_id, m.merged_into from registry.members as m join up on m.id = up.merged_into
  ), family(id, organization_id) as (
    select up.id, up.organization_id from up where up.merged_into is null
    union
    select m.id, m.organization_id from registry.members as m join family as f on m.organization_id = f.organization_id and m.merged_into = f.id
  )
  select array(select f.id from family as f order by f.id);
end;
comment on function private.family_of is 'In: a member. Out: the record it was merged into, and every record merged into that one, in the order in which they are locked.';
grant execute on function private.family_of to authenticated; -- called by private.digest_evidence
