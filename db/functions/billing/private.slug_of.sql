-- Logs and figures name an organisation by its slug, also where tables of registry cannot be read.
create or replace function private.slug_of(p_organization_id uuid)
returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.slug from registry.organizations as g where g.id = p_organization_id
$$;
comment on function private.slug_of is 'In: an organisation. Out: its slug.';
grant execute on function private.slug_of to billing_owner;
