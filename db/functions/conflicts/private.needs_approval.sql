-- Two pairs of eyes: the organisation says which decisions one coordinator only proposes.
create or replace function private.needs_approval(p_organization_id uuid, p_decision registry.decision)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select p_decision = any (g.second_approval) from registry.organizations as g where g.id = p_organization_id
$$;
comment on function private.needs_approval is 'In: an organisation, a decision. Out: whether a second coordinator must approve it.';
