-- How long nothing is sent before the next probe: from half a minute to a quarter of an hour, growing with each opening, or as long as the other
-- side asked for.
create or replace function private.breaker_pause(p_openings integer, p_retry_after integer)
returns interval
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select greatest(least(30 * 2 ^ least(p_openings, 10), 900), least(coalesce(p_retry_after, 0), 86400)) * interval '1 second'
$$;
comment on function private.breaker_pause is 'In: how often the breaker opened in a row, Retry-After in seconds or null. Out: the pause.';
grant execute on function private.breaker_pause to billing_owner; -- invoices have breakers too
