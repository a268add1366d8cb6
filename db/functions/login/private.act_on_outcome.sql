-- What follows from an outcome: the record, the case, the push, and always exactly one audit event named like the outcome.
create or replace function private.act_on_outcome(
  p_observation registry.observations, p_other_member_id uuid, p_match private.match_result
)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o constant registry.observations := p_observation;
  c registry.conflicts;
  v_push_id uuid;
begin
  case
    when o.outcome = 'filled' then
      perform private.fill_member(o);
      if exists (
        select from registry.conflicts as known
        where known.organization_id = o.organization_id and known.member_id = o.member_id and known.closed_at is null)
      then
        perform private.close_obsolete_cases(o.organization_id, array[o.member_id], o.source::text);
      end if;
      v_push_id := private.queue_push(o.member_id, o.id);
    when o.outcome = 'confirmed' and o.personnummer_index_previous <> '{}' then
      perform private.renew_index(o);
    when o.outcome = 'conflict' then
      c := private.open_case_of_login('mismatch', o, o.member_id, p_other_member_id);
    when o.outcome = 'duplicate' then
      c := private.open_case_of_login('duplicate', o, o.member_id, p_other_member_id);
    when p_match.verdict = 'subject_moved' then
      c := private.open_case_of_login('subject_moved', o, p_match.candidates[1], p_match.candidates[2]);
    when o.outcome in ('ambiguous', 'name_mismatch') then
      c := private.open_case_of_login(o.outcome::text::registry.conflict_kind, o, p_candidates => p_match.candidates);
    else
      null; -- absent and unlinked change nothing, nor does a number that is recorded already
  end case;
  if o.inconsistency = 'numbers_differ' then
    c := private.open_case_of_login('inconsistent', o, o.member_id);
  end if;
  if c.id is not null then -- the event names the push that began to wait for the case (private.tg_pushes__wait)
    select p.id into v_push_id from sync.pushes as p where p.waits_for_conflict_id = c.id limit 1;
  end if;
  perform private.record_event(o.outcome::text, o.source::text, o.organization_id, private.outcome_sentence(o),
    o.member_id, o.id, c.id, v_push_id,
    jsonb_strip_nulls(o.explanation || jsonb_build_object(
      'provider', o.provider,
      'absent_reason', o.absent_reason,
      'inconsistency', o.inconsistency,
      'personnummer', o.personnummer_masked,
      'case', c.kind,
      'other_member_id', c.other_member_id,
      'candidate_ids', nullif(to_jsonb(c.candidates), '[]'),
      -- A coordinator has settled just this disagreement before, so no case was opened.
      'known', case when c.state = 'resolved' then true end)));
end
$$;
comment on function private.act_on_outcome is 'In: a decided observation, the other member who has the number, the match result. Writes record, case, push and audit event.';
