-- Any coordinator may have it counted; freezing takes two. A worker counts, because a large organisation takes longer than a request may.
create or replace function private.make_grant_snapshot(p_organization text, p_base_year integer, p_rule text, p_corrects uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
  v_organization_id constant uuid := (
    select g.id from registry.organizations as g where g.slug = p_organization and g.id = any (private.coordinator_organizations()));
  v_is_free constant boolean := v_organization_id is null or private.lock_counting(v_organization_id, false);
  v_refusal text := private.why_not_count(v_organization_id, p_base_year, p_rule, p_corrects);
begin
  if v_refusal is null and (not v_is_free or exists (
    select from reporting.snapshots as known
    where known.organization_id = v_organization_id and known.base_year = p_base_year and known.rule_code = p_rule and known.state = 'asked')) then
    v_refusal := 'is_being_counted';
  end if;
  if v_refusal is not null then
    return private.refuse('make_grant_snapshot', v_refusal, null);
  end if;
  s := private.ask_snapshot(v_organization_id, p_base_year, p_rule, p_corrects);
  perform private.enqueue('count_grant', s.id);
  return jsonb_build_object('snapshot_id', s.id, 'state', s.state, 'base_year', s.base_year, 'rule_code', s.rule_code);
end
$$;
comment on function private.make_grant_snapshot is 'See api.make_grant_snapshot.';
grant execute on function private.make_grant_snapshot to authenticated;
