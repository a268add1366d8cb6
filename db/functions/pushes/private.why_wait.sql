-- What keeps a push from being sent at this moment. None of these is a failure, and none counts as an attempt.
create or replace function private.why_wait(p_push sync.pushes, p_system sync.member_systems)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    -- One after the other: an older value must never arrive after a newer one.
    when exists (
      select from sync.pushes as other
      where other.organization_id = p_push.organization_id and other.member_id = p_push.member_id and other.id <> p_push.id
        and other.state = 'sending' and other.lease_expires_at > clock_timestamp()) then 'member_busy'
    when exists (
      select from sync.breakers as b
      where b.organization_id = p_push.organization_id and b.state <> 'closed' and b.probe_push_id is distinct from p_push.id)
      then 'breaker_open'
    when exists (
      select from sync.rates as r
      where r.organization_id = p_push.organization_id and p_system.rate_per_second is not null
        and r.free_at > clock_timestamp() + interval '3 seconds') then 'rate_used_up'
  end
$$;
comment on function private.why_wait is 'In: a push, its member system. Out: member_busy, breaker_open, rate_used_up; null: nothing.';
