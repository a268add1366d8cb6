-- The pushes that follow some that were delivered: for each another one of its organisation, the oldest first, that is due, whose job
-- waits, and that nothing stands in the way of. It goes on in the slot of the delivered one. Record and job are looked up one by one
-- (limit 1): however many wait, only the first few are looked at.
create or replace function private.claim_next_pushes(p_organization_ids uuid[], p_worker_ids text[], p_slots smallint[])
returns setof sync.push_claim
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_next record;
begin
  with free as materialized (
    select t.organization_id, t.worker_id, t.slot, row_number() over (partition by t.organization_id) as nth
    from unnest(p_organization_ids, p_worker_ids, p_slots) as t(organization_id, worker_id, slot)
    cross join lateral (
      select from sync.member_systems as s
      where s.organization_id = t.organization_id and s.kind <> 'file' and s.rate_per_second is null and t.slot <= s.concurrency limit 1) as s
    where t.worker_id is not null
      and not exists (select from sync.breakers as b where b.organization_id = t.organization_id and b.state <> 'closed')
      and pg_try_advisory_xact_lock(hashtextextended(t.organization_id || ' slot ' || t.slot, 0))
  )
  select array_agg(next.id) as ids, array_agg(f.worker_id) as worker_ids, array_agg(f.slot) as slots, array_agg(next.job_id) as job_ids
  into v_next
  from (
    select o.organization_id, due.id, due.job_id, row_number() over (partition by o.organization_id) as nth
    from (select f.organization_id, count(*) as most from free as f group by f.organization_id) as o
    cross join lateral (
      select p.id, j.id as job_id from sync.pushes as p
      cross join lateral (
        select from private.push_standing as s where s.id = p.id and not s.is_obsolete and not s.member_is_busy limit 1) as stands
      cross join lateral (
        select w.id from graphile_worker.jobs as w where w.key = 'push_personnummer:' || p.id and w.locked_at is null limit 1) as j
      where p.organization_id = o.organization_id and p.settled_at is null and p.state = 'pending'
        and p.next_attempt_at <= statement_timestamp()
      order by p.next_attempt_at limit o.most
      for update of p skip locked
    ) as due
  ) as next
  join free as f on f.organization_id = next.organization_id and f.nth = next.nth;
  if v_next.ids is null then
    return;
  end if;
  return query select c.* from private.claim_locked(v_next.ids, v_next.worker_ids, v_next.slots) as c;
  -- The claim takes the place of the job, and a lease that runs out makes a new one. What was not claimed, because its slot was
  -- taken meanwhile, keeps its job, and so does one that somebody is fetching at this moment, and who finds the push taken.
  perform graphile_worker.complete_jobs(array(
    select t.job_id from unnest(v_next.ids, v_next.job_ids) as t(id, job_id)
    join sync.pushes as p on p.id = t.id and p.state = 'sending'));
end
$$;
comment on function private.claim_next_pushes is 'In: of pushes that were delivered, the organisation, the name under which to claim the next one (null: none) and the slot. Out: the claims.';
