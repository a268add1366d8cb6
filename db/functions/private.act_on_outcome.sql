-- What follows from an outcome: the record, the case, the push, and always exactly one audit event named like the outcome.
create or replace function private.act_on_outcome(
  p_observation registry.observations, p_other_member_id uuid, p_candidates uuid[]
)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  v_push_id uuid;
  v_conflict_id uuid;
begin
  case p_observation.outcome
    when 'filled' then
      perform private.fill_member(p_observation);
      v_push_id := private.queue_push(p_observation.member_id, p_observation.id);
    when 'confirmed' then
      perform private.renew_index(p_observation);
    when 'conflict' then
      v_conflict_id := private.open_conflict('mismatch', p_observation, p_other_member_id, '{}');
    when 'duplicate' then
      v_conflict_id := private.open_conflict('duplicate', p_observation, p_other_member_id, '{}');
    when 'ambiguous' then
      v_conflict_id := private.open_conflict('ambiguous', p_observation, null, p_candidates);
    when 'name_mismatch' then
      v_conflict_id := private.open_conflict('name_mismatch', p_observation, null, p_candidates);
    else
      null; -- absent and unlinked change nothing
  end case;
  if p_observation.inconsistency = 'numbers_differ' then
    v_conflict_id := private.open_conflict('inconsistent', p_observation, null, '{}');
  end if;
  perform private.record_event(p_observation.outcome::text, p_observation.source::text, p_observation.organization_id,
    private.outcome_sentence(p_observation), p_observation.member_id, p_observation.id, v_conflict_id, v_push_id,
    private.outcome_detail(p_observation, p_other_member_id, p_candidates));
end
$$;
comment on function private.act_on_outcome is 'In: a decided observation, the other member, the candidates. Writes record, case, push and audit event.';
