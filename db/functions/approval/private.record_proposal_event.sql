-- Somebody can propose and withdraw all day long; what is done to one case again and again is counted.
create or replace function private.record_proposal_event(p_event text, c registry.conflicts, p_message text)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.record_repeatable(private.actor() || ' ' || c.id, p_event, 'coordinator', c.organization_id, p_message,
    p_member_id => coalesce(c.member_id, c.candidates[1]), p_conflict_id => c.id, p_push_id => c.push_id,
    p_detail => jsonb_build_object('kind', c.kind, 'decision', (c.proposal).decision, 'proposed_by', (c.proposal).by))
$$;
comment on function private.record_proposal_event is 'In: event, a case with its proposal, sentence. Appends the audit event, or counts it.';
