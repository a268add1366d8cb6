-- What coordinators were asked has answered itself: nobody has to close these cases, and the audit says what settled each of them.
create or replace function private.supersede_cases(p_ids uuid[], p_source text, p_because text, p_push_id uuid default null)
returns uuid[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
  v_closed uuid[] := array[]::uuid[];
begin
  for c in
    update registry.conflicts as known
    set state = 'superseded', superseded_by = p_because, proposal = null, closed_at = clock_timestamp(), version = known.version + 1
    where known.id = any (p_ids) and known.closed_at is null
    returning known.*
  loop
    perform private.record_event('case_superseded', p_source, c.organization_id, p_because,
      p_member_id => coalesce(c.member_id, c.candidates[1]), p_observation_id => c.observation_id,
      p_conflict_id => c.id, p_push_id => coalesce(p_push_id, c.push_id),
      p_detail => jsonb_build_object('kind', c.kind, 'version', c.version));
    v_closed := v_closed || c.id;
  end loop;
  return v_closed;
end
$$;
comment on function private.supersede_cases is 'In: cases, who settled them (audit source), the reason as a sentence, the push that did. Out: those that were open and are closed now.';
