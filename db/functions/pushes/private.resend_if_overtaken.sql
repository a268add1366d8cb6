-- A worker that was paused beyond its lease reports on a push that others have overtaken. If its request arrived after a newer
-- value of the same member did, the member system holds an old value now: the present one is sent again.
-- private.lock_plain_deliveries asks the same the other way round.
create or replace function private.resend_if_overtaken(p_push sync.pushes)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_newer sync.pushes;
begin
  select newer.* into v_newer from sync.pushes as newer
  where newer.organization_id = p_push.organization_id and newer.member_id = p_push.member_id and newer.id <> p_push.id
    and newer.created_at >= p_push.created_at and newer.state in ('sending', 'delivered')
    and newer.personnummer_index is distinct from p_push.personnummer_index
  order by newer.created_at desc limit 1;
  if found then
    perform private.queue_push(p_push.member_id, v_newer.observation_id, v_newer.decided);
  end if;
end
$$;
comment on function private.resend_if_overtaken is 'In: a push whose report may come too late. Queues the member''s present value again if an older one may have overwritten it, as what the same login caused, so that a later withdrawal of consent stops it too.';
