-- A temporary failure: the push waits for its next attempt, and its next job is queued for then.
create or replace function private.postpone_push(p_push sync.pushes, p_retry_after integer)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant timestamptz := clock_timestamp() + private.retry_pause(p_push.attempts, p_retry_after);
begin
  update sync.pushes
  set state = 'pending', lease_expires_at = null, slot = null, error_code = p_push.error_code, http_status = p_push.http_status,
      next_attempt_at = v_at,
      -- The member system no longer knows where to ask: the change is sent again, under the same key.
      status_url = case when p_push.error_code <> 'status_lost' then status_url end
  where id = p_push.id;
  perform private.enqueue('push_personnummer', p_push.id, v_at);
  perform private.record_push_event('push_attempt_failed', p_push, format('Attempt %s to deliver failed (%s); it will be tried again.',
    p_push.attempts, p_push.error_code));
end
$$;
comment on function private.postpone_push is 'In: a push (with code and status), Retry-After in seconds or null. Puts it back to wait for its next attempt.';
