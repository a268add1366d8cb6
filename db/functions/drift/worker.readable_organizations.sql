-- Which member systems can be read at all, for the nightly comparison.
create or replace function worker.readable_organizations()
returns table (organization text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.slug from sync.member_systems as s
  join registry.organizations as g on g.id = s.organization_id
  where s.kind = 'http' and s.read_url_template is not null
  order by g.slug
$$;
comment on function worker.readable_organizations is 'Out: the organisations (slugs) whose member systems show their members.';
grant execute on function worker.readable_organizations to sync_worker;
