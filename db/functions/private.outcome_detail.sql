-- The same as data, for queries.
create or replace function private.outcome_detail(
  p_observation registry.observations, p_other_member_id uuid, p_candidates uuid[]
)
returns jsonb
language sql immutable
set search_path = ''
as $$
  select jsonb_strip_nulls(p_observation.explanation || jsonb_build_object(
    'provider', p_observation.provider,
    'absent_reason', p_observation.absent_reason,
    'inconsistency', p_observation.inconsistency,
    'personnummer', p_observation.personnummer_masked,
    'other_member_id', p_other_member_id,
    'candidate_ids', case when p_observation.outcome in ('ambiguous', 'name_mismatch') then to_jsonb(p_candidates) end))
$$;
comment on function private.outcome_detail is 'In: a decided observation, the other member, the candidates. Out: the detail of its audit event.';
