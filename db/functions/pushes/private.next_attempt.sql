-- When a change is tried next, for people: what waits for a case has no time, and while nothing flows the breaker's time counts.
create or replace function private.next_attempt(
  p_next_attempt_at timestamptz, p_settled_at timestamptz, p_breaker sync.breaker_state, p_probe_at timestamptz
)
returns timestamptz
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_next_attempt_at = 'infinity' then null
    when p_breaker <> 'closed' and p_settled_at is null then greatest(p_next_attempt_at, p_probe_at)
    else p_next_attempt_at
  end
$$;
comment on function private.next_attempt is 'In: when a push is due and was settled, state of the breaker and its next probe. Out: when it is tried next; null: that is not known.';
grant execute on function private.next_attempt to authenticated;
