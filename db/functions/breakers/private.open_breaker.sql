-- Nothing more is sent until a probe gets through. Refused credentials are a case at once: only a person can renew them.
create or replace function private.open_breaker(p_breaker sync.breakers, p_push sync.pushes, p_retry_after integer)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  b sync.breakers;
begin
  update sync.breakers
  set state = 'open', openings = openings + 1, error_code = p_push.error_code, http_status = p_push.http_status,
      opened_at = coalesce(opened_at, clock_timestamp()),
      probe_at = clock_timestamp() + private.breaker_pause(p_breaker.openings, p_retry_after), probe_push_id = null,
      changed_at = clock_timestamp()
  where organization_id = p_breaker.organization_id
  returning * into b;
  perform private.record_breaker_event('breaker_opened', b, format('Nothing is sent to the member system for now (%s).', b.error_code));
  if private.member_system_fault(b.error_code) = 'at_once' then
    perform private.open_member_system_case(b.organization_id, 'member_system',
      jsonb_build_object('error_code', b.error_code, 'http_status', b.http_status));
  end if;
end
$$;
comment on function private.open_breaker is 'In: a locked breaker, the push whose failure opened it, Retry-After in seconds or null.';
