-- Any coordinator may count; freezing takes two.
create or replace function private.make_grant_snapshot(p_organization text, p_base_year integer, p_rule text, p_corrects uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
  v_organization_id constant uuid := (
    select g.id from registry.organizations as g where g.slug = p_organization and g.id = any (private.coordinator_organizations()));
  v_refusal constant text := private.why_not_count(v_organization_id, p_base_year, p_rule, p_corrects);
begin
  if v_refusal is not null then
    return private.refuse('make_grant_snapshot', v_refusal, null);
  end if;
  s := private.make_snapshot(v_organization_id, p_base_year, p_rule, p_corrects, 'coordinator');
  return private.describe_snapshot(s); -- a statement of its own, which sees what was written
end
$$;
comment on function private.make_grant_snapshot is 'See api.make_grant_snapshot.';
grant execute on function private.make_grant_snapshot to authenticated;
