-- The row of an organisation, for trying it out (npm run member-system:check). It names secrets and holds none.
create or replace function worker.member_system(organization text)
returns table (organization_id uuid, member_system jsonb)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.id, to_jsonb(s)
  from registry.organizations as g
  left join sync.member_systems as s on s.organization_id = g.id
  where g.slug = member_system.organization
$$;
comment on function worker.member_system is 'In: an organisation (slug). Out: its id and its member system; no row for an unknown organisation.';
grant execute on function worker.member_system to sync_worker;
