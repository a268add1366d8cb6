-- What an attempt says of the member system as a whole. A change that it refuses shows that it works: it read it and answered.
create or replace function private.tell_breaker(p_push sync.pushes, p_result sync.attempt_result, p_retry_after integer)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_result in ('delivered', 'accepted') or (p_result = 'rejected' and p_push.http_status between 400 and 499) then
    perform private.note_success(p_push.organization_id);
  elsif p_result = 'retry' and p_push.state <> 'rejected' then
    perform private.note_failure(p_push, p_retry_after);
  end if;
end
$$;
comment on function private.tell_breaker is 'In: a push in its new state (with code and status), result of the attempt, Retry-After in seconds or null.';
