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
      select from private.number_confirmations as k
      where k.organization_id = m.organization_id and k.member_id = m.id and (k.until = 'infinity' or k.until >= m.personnummer_at)))
$$;
comment on function private.number_is_verified is 'In: a member. Out: whether its number came from, or was confirmed by, a login, or was chosen or kept by a coordinator.';
