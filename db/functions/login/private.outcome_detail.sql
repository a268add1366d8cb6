-- The same as data, for queries. `known`: a coordinator has settled just this disagreement before, so no case was opened.
create or replace function private.outcome_detail(p_observation registry.observations, p_conflict_id uuid)
returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_detail jsonb := p_observation.explanation || jsonb_build_object(
    'provider', p_observation.provider,
    'absent_reason', p_observation.absent_reason,
    'inconsistency', p_observation.inconsistency,
    'personnummer', p_observation.personnummer_masked);
begin
  if p_conflict_id is not null then
    select v_detail || jsonb_build_object(
      'case', c.kind,
      'other_member_id', c.other_member_id,
      'candidate_ids', nullif(to_jsonb(c.candidates), '[]'),
      'known', case when c.state = 'resolved' then true end)
    into v_detail
    from registry.conflicts as c where c.id = p_conflict_id;
  end if;
  return jsonb_strip_nulls(v_detail);
end
$$;
comment on function private.outcome_detail is 'In: a decided observation, its case. Out: the detail of its audit event.';
