-- The member system, or a person, has taken the change in and carries it out later. Nobody is asked too often: after ten seconds
-- at first, then in tenths of the time that has passed, at most every fifteen minutes.
create or replace function private.await_push(p_push sync.pushes, p_retry_after integer, p_status_url text, p_receiver_sealed text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_within constant interval := (select s.accept_within from sync.member_systems as s where s.organization_id = p_push.organization_id);
  v_until constant timestamptz := coalesce(
    case when p_status_url is not null then p_push.accepted_until end, clock_timestamp() + v_within);
  v_waited constant interval := v_within - (v_until - clock_timestamp());
  v_at constant timestamptz := case
    when p_status_url is null then v_until
    when p_retry_after is not null then clock_timestamp() + private.retry_pause(1, p_retry_after)
    else clock_timestamp() + least(greatest(v_waited / 10, interval '10 seconds'), interval '15 minutes')
  end;
begin
  update sync.pushes
  set state = 'pending', lease_expires_at = null, slot = null, error_code = null, http_status = p_push.http_status,
      accepted_until = v_until, status_url = p_status_url, receiver_sealed = p_receiver_sealed, next_attempt_at = v_at
  where id = p_push.id;
  perform private.enqueue('push_personnummer', p_push.id, v_at);
  if p_push.accepted_until is null then
    perform private.record_push_event('push_accepted', p_push, 'The member system took the change in and will carry it out later.');
  end if;
end
$$;
comment on function private.await_push is 'In: a push (with status), Retry-After in seconds or null, where to ask, or the number sealed for the person who types it in. Waits for the word that it was carried out.';
