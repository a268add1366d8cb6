-- One push of private.retry_pushes, which has locked it.
create or replace function private.retry_locked_push(p_push_id uuid, p_organization_ids uuid[])
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes;
  c registry.conflicts;
  v_push_id uuid := p_push_id;
begin
  select known.* into p from sync.pushes as known
  where known.id = p_push_id and known.organization_id = any (p_organization_ids);
  if p.id is null then
    return '{"code": "not_found"}'::jsonb;
  elsif exists (select from registry.members as m where m.id = p.member_id and m.merged_into is not null and m.erased_at is null) then
    return '{"code": "member_merged"}'::jsonb;
  elsif p.waits_for_conflict_id is not null or private.disputing_case(p) is not null then
    return '{"code": "disputed"}'::jsonb;
  elsif p.state = 'pending' and p.error_code is not null and p.next_attempt_at <= clock_timestamp()
    and not exists (select from registry.conflicts as known where known.push_id = p.id and known.closed_at is null) then
    return jsonb_build_object('push_id', p.id, 'state', 'pending'); -- asked for already
  elsif p.state = 'pending' and p.error_code is not null then
    update sync.pushes set next_attempt_at = clock_timestamp() where id = p.id;
    perform private.enqueue('push_personnummer', p.id);
  elsif (p.state in ('rejected', 'given_up') or private.has_drifted(p)) and not private.is_followed(p) then
    update sync.pushes set next_attempt_at = null where id = p.id;
    v_push_id := private.queue_push(p.member_id, p.observation_id, p.decided);
  else
    return '{"code": "not_failed"}'::jsonb;
  end if;
  perform private.record_event('push_requeued', 'coordinator', p.organization_id, 'A coordinator had the failed push tried again.',
    p_member_id => p.member_id, p_push_id => v_push_id, p_detail => jsonb_build_object('failed_push_id', p.id));
  for c in
    select known.* from registry.conflicts as known where known.push_id = p.id and known.closed_at is null for update
  loop
    c.proposal := null; -- what was proposed instead falls
    perform private.close_case(c, 'retry_sync', null);
  end loop;
  return jsonb_build_object('push_id', v_push_id, 'state', 'pending');
end
$$;
comment on function private.retry_locked_push is 'In: a locked push, the organisations of the caller. Out: the push that is queued now, or the code of a refusal.';
