-- The person's word is the delivery, and counts as its attempt. When the record has changed since the number was fetched, a later
-- change stands on the list.
create or replace function private.mark_done(p_push_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes := private.lock_worklist_push(p_push_id);
begin
  if p.id is null then
    return private.refuse('mark_done', 'not_found', p_push_id);
  elsif p.waits_for_conflict_id is not null then
    return private.refuse('mark_done', 'disputed', p_push_id);
  elsif p.state <> 'pending' or private.push_is_obsolete(p.id) then
    return private.refuse('mark_done', 'not_waiting', p_push_id);
  end if;
  update sync.pushes set attempts = attempts + 1, leased_by = private.actor() where id = p.id returning * into p;
  insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, duration_ms)
  values (p.id, p.organization_id, p.attempts, p.leased_by, 'delivered', 0);
  p.error_code := null;
  perform private.settle_push(p, 'delivered', 'push_marked_done', 'A coordinator typed the change into the member system.');
  return jsonb_build_object('push_id', p.id, 'state', 'delivered');
end
$$;
comment on function private.mark_done is 'See api.mark_done.';
grant execute on function private.mark_done to authenticated;
