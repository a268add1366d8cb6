-- Two pairs of eyes: the organisation says which decisions one coordinator only proposes.
create or replace function private.needs_approval(p_organization_id uuid, p_decision registry.decision, p_kind registry.conflict_kind)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select private.decisions_for_two(array[p_decision::text], g.second_approval, p_kind) <> '{}'
  from registry.organizations as g where g.id = p_organization_id
$$;
comment on function private.needs_approval is 'In: an organisation, a decision, the kind of the case (null: none). Out: whether a second coordinator must approve it.';
