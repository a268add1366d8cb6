-- A case is settled: the decision is written on it, kept with what undo needs, and audited with the coordinator as actor. Where another one
-- had proposed it, the proposal stays on it.
create or replace function private.close_case(
  p_conflict registry.conflicts, p_decision registry.decision, p_note text, p_before registry.before_decision default null
)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts := p_conflict;
begin
  c.proposal.evidence := null;
  update registry.conflicts
  set state = 'resolved', decision = p_decision, decided_by = private.actor(), note = p_note, proposal = c.proposal,
      closed_at = clock_timestamp(), version = version + 1
  where id = c.id
  returning * into c;
  insert into registry.resolutions (organization_id, conflict_id, decision, decided_by, proposed_by, note, before)
  values (c.organization_id, c.id, p_decision, c.decided_by, (c.proposal).by, p_note, p_before);
  perform private.record_case_event('case_resolved', c, format(
    case when (c.proposal).by is null then 'A coordinator settled the case: %s.'
      else 'A coordinator approved what another had proposed, and the case is settled: %s.' end, replace(p_decision::text, '_', ' ')));
  return private.describe_case(c);
end
$$;
comment on function private.close_case is 'In: a locked case (its proposal: what is being approved, null: nothing), decision, note, the state before (null: the decision changed no record). Out: the settled case, for the caller.';
