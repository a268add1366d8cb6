-- Seeing a number leaves a trace in the same transaction.
create or replace function private.fetch_number(p_push_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  p constant sync.pushes := private.lock_worklist_push(p_push_id);
begin
  if p.id is null then
    return private.refuse('fetch_number', 'not_found', p_push_id);
  elsif p.settled_at is not null then
    return private.refuse('fetch_number', 'not_waiting', p_push_id);
  elsif p.waits_for_conflict_id is not null then
    return private.refuse('fetch_number', 'disputed', p_push_id);
  elsif p.receiver_sealed is null or private.push_is_obsolete(p.id) then
    return private.refuse('fetch_number', 'not_sealed_yet', p_push_id);
  end if;
  perform private.record_repeatable(private.actor() || ' ' || p.id, 'number_fetched', 'coordinator', p.organization_id,
    'A coordinator fetched the sealed number to type it in.',
    p_member_id => p.member_id, p_push_id => p.id);
  return jsonb_build_object('push_id', p.id, 'sealed', p.receiver_sealed);
end
$$;
comment on function private.fetch_number is 'See api.fetch_number.';
grant execute on function private.fetch_number to authenticated;
