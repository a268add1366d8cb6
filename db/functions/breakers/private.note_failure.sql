-- A failure that speaks of the member system itself: five in a row open the breaker, refused credentials do so at once, and so
-- does a probe that fails.
create or replace function private.note_failure(p_push sync.pushes, p_retry_after integer)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  b sync.breakers;
  v_fault constant text := private.member_system_fault(p_push.error_code);
begin
  if v_fault is null then
    return;
  end if;
  insert into sync.breakers (organization_id) values (p_push.organization_id) on conflict do nothing;
  update sync.breakers set failures = failures + 1 where organization_id = p_push.organization_id returning * into b;
  if (b.state = 'closed' and (v_fault = 'at_once' or b.failures >= 5)) or (b.state = 'half_open' and b.probe_push_id = p_push.id) then
    perform private.open_breaker(b, p_push, p_retry_after);
  end if;
end
$$;
comment on function private.note_failure is 'In: a push (with code and status), Retry-After in seconds or null. Counts, and opens the breaker when it is time.';
