-- A number that a login brought or confirmed, or a coordinator chose, is worth more than what an export says: somebody proved
-- it, or judged it. An import does not replace such a number.
create or replace function private.number_is_verified(m registry.members)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select m.personnummer_index is not null and (
    m.personnummer_source <> 'import' is true
    or exists (
      select from registry.observations as o
      where o.organization_id = m.organization_id and o.member_id = m.id and o.outcome = 'confirmed')
    or exists (
      select from registry.conflicts as c
      where c.organization_id = m.organization_id and c.member_id = m.id and c.kind = 'mismatch'
        and c.state = 'resolved' and c.decision = 'keep_existing' and c.closed_at >= m.personnummer_at))
$$;
comment on function private.number_is_verified is 'In: a member. Out: whether its number came from, or was confirmed by, a login, or was chosen or kept by a coordinator.';
