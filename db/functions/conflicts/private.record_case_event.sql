-- Audit events about a case all name the same ids.
create or replace function private.record_case_event(p_event text, p_conflict registry.conflicts, p_message text)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.record_event(p_event, 'coordinator', p_conflict.organization_id, p_message,
    p_member_id => coalesce(p_conflict.member_id, p_conflict.candidates[1]), p_observation_id => p_conflict.observation_id,
    p_conflict_id => p_conflict.id, p_push_id => p_conflict.push_id,
    p_detail => jsonb_strip_nulls(jsonb_build_object('kind', p_conflict.kind, 'decision', p_conflict.decision, 'version', p_conflict.version,
      'proposed_by', (p_conflict.proposal).by)))
$$;
comment on function private.record_case_event is 'In: event, case, sentence. Appends the audit event.';
