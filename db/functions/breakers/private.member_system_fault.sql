-- Which failures speak of the member system as a whole, and not of one member: at_once, when our credentials are refused or the
-- address has moved for good, which only a person can mend, or counted. All others leave the breaker alone.
create or replace function private.member_system_fault(p_error_code text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_error_code in ('http_401', 'http_403', 'token_refused', 'secret_missing', 'redirect_refused') then 'at_once'
    when p_error_code in ('timeout', 'connection_failed', 'tls_failed', 'response_too_large', 'task_timeout',
                          'http_408', 'http_425', 'http_429', 'http_5xx', 'redirect_temporary', 'token_unavailable') then 'counted'
  end
$$;
comment on function private.member_system_fault is 'In: code of a failure. Out: at_once, counted, or null.';
grant execute on function private.member_system_fault to billing_owner; -- invoices have breakers too
