-- A push reaches its final state, once, with its audit event. Where it arrived, or nothing is left to carry, cases about older
-- failures are obsolete, and older pushes that were given up are not tried again.
create or replace function private.settle_push(p_push sync.pushes, p_state sync.push_state, p_event text, p_message text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update sync.pushes
  set state = p_state, settled_at = clock_timestamp(), next_attempt_at = null, lease_expires_at = null,
      error_code = p_push.error_code, http_status = p_push.http_status
  where id = p_push.id;
  perform private.record_push_event(p_event, p_push, p_message);
  if p_state in ('delivered', 'superseded') then
    perform private.forget_failures(p_push);
  end if;
end
$$;
comment on function private.settle_push is 'In: a push (with the code and status to keep), final state, event, sentence.';
