-- A temporary failure: the push waits for its next attempt. The pause follows graphile-worker's own (exp(attempts) seconds,
-- at most exp(10)), because its retry of the job is what brings the next attempt.
create or replace function private.postpone_push(p_push sync.pushes)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  update sync.pushes
  set state = 'pending', lease_expires_at = null, error_code = p_push.error_code, http_status = p_push.http_status,
      next_attempt_at = clock_timestamp() + exp(least(p_push.attempts, 10)) * interval '1 second'
  where id = p_push.id;
  perform private.record_push_event('push_attempt_failed', p_push, format('Attempt %s to deliver failed (%s); it will be tried again.',
    p_push.attempts, p_push.error_code));
end
$$;
comment on function private.postpone_push is 'In: a push (with code and status). Puts it back to wait for its next attempt.';
