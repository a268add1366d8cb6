-- Rules belong to nobody; coordinators see them, for each of their organisations.
create or replace function private.grant_rules()
returns table (
  organization text, code text, title text, level reporting.grant_level, document text, min_fee bigint, min_age integer, max_age integer,
  required_members integer, required_municipalities integer, required_counties integer, one_suffices boolean
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select o.slug, g.code, g.title, g.level, g.document, g.min_fee, g.min_age, g.max_age, g.required_members, g.required_municipalities,
    g.required_counties, g.one_suffices
  from reporting.grant_rules as g
  join registry.organizations as o on o.id = any (private.coordinator_organizations())
$$;
comment on function private.grant_rules is 'See api.grant_rules.';
grant execute on function private.grant_rules to authenticated; -- called by the view
