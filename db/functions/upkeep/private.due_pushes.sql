-- Pushes that are due and have no live job: dropped, used up, or never queued. Asked of both tables at once, because behind an
-- open breaker any number may be due with their jobs waiting. Files take their own (worker.claim_file).
create or replace function private.due_pushes()
returns uuid[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select p.id from sync.pushes as p
    left join graphile_worker.jobs as j
      on j.key = 'push_personnummer:' || p.id and j.attempts < j.max_attempts and j.locked_at is null
    where p.state in ('pending', 'given_up') and p.next_attempt_at < clock_timestamp() - interval '30 seconds' and j.key is null
      and not exists (select from sync.member_systems as s where s.organization_id = p.organization_id and s.kind = 'file')
    order by p.next_attempt_at limit 1000);
end
$$;
comment on function private.due_pushes is 'Out: pushes, due for half a minute, that the queue has forgotten.';
