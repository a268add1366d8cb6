-- A coordinator gives a record the observed number; the change is on its way to the member system in the same transaction.
create or replace function private.set_number(p_observation registry.observations, p_member_id uuid, p_conflict_id uuid)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant jsonb := private.number_of(p_member_id);
  v_version integer;
begin
  update registry.members
  set personnummer_index = p_observation.personnummer_index,
      personnummer_sealed = p_observation.personnummer_sealed,
      personnummer_masked = p_observation.personnummer_masked,
      -- What an import offered and a coordinator chose is the coordinator's: the next import may not replace it.
      personnummer_source = case p_observation.source when 'import' then 'coordinator' else p_observation.source end,
      personnummer_at = clock_timestamp()
  where id = p_member_id
  returning version into v_version;
  perform private.record_event('number_accepted', 'coordinator', p_observation.organization_id,
    format('A coordinator gave the record the personnummer %s that %s brought.', p_observation.personnummer_masked, p_observation.source),
    p_member_id => p_member_id, p_observation_id => p_observation.id, p_conflict_id => p_conflict_id,
    p_push_id => private.queue_push(p_member_id, p_observation.id, true));
  perform private.close_obsolete_cases(p_observation.organization_id, array[p_member_id], 'coordinator', p_conflict_id);
  return jsonb_build_object('number', v_before, 'version_after', v_version);
end
$$;
comment on function private.set_number is 'In: an observation, a member, the case. Out: the number before, for undo. Writes the number, queues the push.';
