-- A case is settled: the decision is written on it, kept with what undo needs, and audited with the coordinator as actor.
create or replace function private.close_case(
  p_conflict registry.conflicts, p_decision registry.decision, p_note text, p_before registry.before_decision default null
)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
begin
  update registry.conflicts
  set state = 'resolved', decision = p_decision, decided_by = private.actor(), note = p_note, closed_at = clock_timestamp(),
      version = version + 1
  where id = p_conflict.id
  returning * into c;
  insert into registry.resolutions (organization_id, conflict_id, decision, decided_by, note, before)
  values (c.organization_id, c.id, p_decision, c.decided_by, p_note, p_before);
  perform private.record_case_event('case_resolved', c, format('A coordinator settled the case: %s.', replace(p_decision::text, '_', ' ')));
  return private.describe_case(c);
end
$$;
comment on function private.close_case is 'In: a locked case, decision, note, the state before (null: the decision changed no record). Out: the settled case, for the caller.';
