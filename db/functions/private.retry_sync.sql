-- One that still waits is tried at once. One that was refused or given up for good is followed by a new push, with an
-- idempotency key of its own: the member system may have stored its refusal under the old one.
create or replace function private.retry_sync(p_push_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  p sync.pushes;
  c registry.conflicts;
  v_push_id uuid := p_push_id;
begin
  select known.* into p from sync.pushes as known
  where known.id = p_push_id and known.organization_id = any (private.coordinator_organizations());
  perform from registry.members as m where m.id = p.member_id for no key update;
  select known.* into p from sync.pushes as known where known.id = p.id for update;
  if p.id is null then
    return private.refuse('retry_sync', 'not_found', p_push_id);
  elsif p.state = 'pending' and p.error_code is not null then
    update sync.pushes set next_attempt_at = clock_timestamp() where id = p.id;
    perform private.enqueue('push_personnummer', p.id, clock_timestamp());
  elsif p.state in ('rejected', 'given_up') then
    v_push_id := private.queue_push(p.member_id, p.observation_id);
  else
    return private.refuse('retry_sync', 'not_failed', p_push_id);
  end if;
  perform private.record_event('push_requeued', 'coordinator', p.organization_id, 'A coordinator had the failed push tried again.',
    p_member_id => p.member_id, p_push_id => v_push_id, p_detail => jsonb_build_object('failed_push_id', p.id));
  for c in
    select known.* from registry.conflicts as known where known.push_id = p.id and known.state = 'open' for update
  loop
    perform private.close_case(c, 'retry_sync', null, '{}');
  end loop;
  return jsonb_build_object('push_id', v_push_id, 'state', 'pending');
end
$$;
comment on function private.retry_sync is 'See api.retry_sync.';
grant execute on function private.retry_sync to authenticated;
