-- A coordinator's decision gives a record a number that it did not bring in itself: an observed one, the one it had before, none, or that of a
-- record merged into it. The change is on its way to the member system in the same transaction.
create or replace function private.change_number(
  p_organization_id uuid, p_member_id uuid, p_number registry.number, p_event text, p_message text, p_conflict_id uuid,
  p_observation_id uuid default null
)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.write_numbers(array[p_member_id], array[p_number]);
  perform private.record_event(p_event, 'coordinator', p_organization_id, p_message, p_member_id => p_member_id,
    p_observation_id => p_observation_id, p_conflict_id => p_conflict_id,
    p_push_id => private.queue_push(p_member_id, p_observation_id, p_decided => true));
  perform private.close_obsolete_cases(p_organization_id, array[p_member_id], 'coordinator', p_conflict_id);
  return (select m.version from registry.members as m where m.id = p_member_id);
end
$$;
comment on function private.change_number is 'In: a member of the organisation, its new number (null: none), audit event and sentence, the case that is being settled, the login that brought the number. Out: the version that the record has now. Writes the number, queues the push.';
