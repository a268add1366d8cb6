-- What an attempt says of the member system as a whole. A change that it takes or refuses shows that it works: it read it and answered.
-- Then a breaker that was open closes, its case is obsolete, and what failed before need not wait for pauses that were meant for a dead
-- system. A failure that speaks of the member system is counted: five in a row open the breaker; refused credentials do so at once, and so
-- does a probe that fails.
create or replace function private.tell_breaker(p_push sync.pushes, p_result sync.attempt_result, p_retry_after integer)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  b sync.breakers;
  v_fault constant text := case when p_result = 'retry' and p_push.state <> 'rejected' then private.member_system_fault(p_push.error_code) end;
begin
  if p_result in ('delivered', 'accepted') or (p_result = 'rejected' and p_push.http_status between 400 and 499) then
    select k.* into b from sync.breakers as k
    where k.organization_id = p_push.organization_id and (k.state <> 'closed' or k.failures > 0) for update;
    if b.organization_id is null then
      return; -- nearly always
    end if;
    update sync.breakers
    set state = 'closed', failures = 0, openings = 0, error_code = null, http_status = null, opened_at = null, probe_at = null,
        probe_push_id = null, changed_at = case when b.state = 'closed' then changed_at else clock_timestamp() end
    where organization_id = p_push.organization_id;
    if b.state <> 'closed' then
      perform private.record_breaker_event('breaker_closed', b, 'The member system answers again; what waited is sent.');
      perform private.close_member_system_case(p_push.organization_id);
      perform private.hasten_pushes(p_push.organization_id);
    end if;
  elsif v_fault is not null then
    insert into sync.breakers (organization_id) values (p_push.organization_id) on conflict do nothing;
    update sync.breakers set failures = failures + 1 where organization_id = p_push.organization_id returning * into b;
    if (b.state = 'closed' and (v_fault = 'at_once' or b.failures >= 5)) or (b.state = 'half_open' and b.probe_push_id = p_push.id) then
      perform private.open_breaker(b, p_push, p_retry_after);
    end if;
  end if;
end
$$;
comment on function private.tell_breaker is 'In: a push in its new state (with code and status), result of the attempt, Retry-After in seconds or null.';
