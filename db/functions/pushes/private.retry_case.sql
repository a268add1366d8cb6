-- What a case is about is sent again: its push; or, where the member system has another number than a record whose number nobody ever
-- sent there, because it came from an import, the recorded one.
create or replace function private.retry_case(p_conflict_id uuid)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
  v_push_id uuid;
begin
  select known.* into c from registry.conflicts as known
  where known.id = p_conflict_id and known.organization_id = any (private.coordinator_organizations());
  if c.closed_at is null and c.push_id is not null then
    return (private.retry_pushes(array[c.push_id]))[1];
  end if;
  c := private.lock_case(p_conflict_id);
  if c.id is null then
    return '{"code": "not_found"}'::jsonb;
  elsif c.closed_at is not null then
    return '{"code": "not_open"}'::jsonb;
  elsif c.kind <> 'drift' then
    return '{"code": "decision_not_applicable"}'::jsonb;
  end if;
  v_push_id := private.queue_push(c.member_id, p_decided => true);
  perform private.record_event('push_requeued', 'coordinator', c.organization_id, 'A coordinator had the recorded number sent.',
    p_member_id => c.member_id, p_conflict_id => c.id, p_push_id => v_push_id);
  c.proposal := null; -- what was proposed instead falls
  perform private.close_case(c, 'retry_sync', null);
  return jsonb_build_object('push_id', v_push_id, 'state', 'pending');
end
$$;
comment on function private.retry_case is 'In: a case. Out: the push that is queued now, or the code of a refusal.';
