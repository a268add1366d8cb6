-- The pushes that follow some that were delivered: for each another one of its organisation, the oldest first, that is due, whose job
-- waits, and that nothing stands in the way of. It goes on in the place of the delivered one. Record and job are looked up one by one
-- (limit 1): however many wait, only the first few are looked at.
create or replace function private.lock_next_pushes(
  p_organization_ids uuid[], p_worker_ids text[], p_slots smallint[],
  out ids uuid[], out worker_ids text[], out slots smallint[], out job_ids bigint[]
)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with places as materialized (
    select t.organization_id, t.worker_id, t.slot, row_number() over (partition by t.organization_id) as nth
    from unnest(p_organization_ids, p_worker_ids, p_slots) as t(organization_id, worker_id, slot)
    cross join lateral (
      select from sync.member_systems as s
      where s.organization_id = t.organization_id and s.kind <> 'file' and s.rate_per_second is null and t.slot <= s.concurrency limit 1) as s
    where t.worker_id is not null
      and not exists (select from sync.breakers as b where b.organization_id = t.organization_id and b.state <> 'closed')
      and pg_try_advisory_xact_lock(hashtextextended(t.organization_id || ' slot ' || t.slot, 0))
  )
  select array_agg(next.id), array_agg(l.worker_id), array_agg(l.slot), array_agg(next.job_id) into ids, worker_ids, slots, job_ids
  from (
    select o.organization_id, due.id, due.job_id, row_number() over (partition by o.organization_id) as nth
    from (select l.organization_id, count(*) as most from places as l group by l.organization_id) as o
    cross join lateral (
      select p.id, j.id as job_id from sync.pushes as p
      cross join lateral (
        select from registry.members as m
        where m.id = p.member_id and m.merged_into is null and m.personnummer_index is not distinct from p.personnummer_index limit 1) as m
      cross join lateral (
        select w.id from graphile_worker.jobs as w where w.key = 'push_personnummer:' || p.id and w.locked_at is null limit 1) as j
      where p.organization_id = o.organization_id and p.settled_at is null and p.state = 'pending'
        and p.next_attempt_at <= statement_timestamp()
        and not exists (
          select from sync.pushes as other
          where other.organization_id = p.organization_id and other.member_id = p.member_id and other.id <> p.id
            and other.state = 'sending' and other.lease_expires_at > clock_timestamp())
      order by p.next_attempt_at limit o.most
      for update of p skip locked
    ) as due
  ) as next
  join places as l on l.organization_id = next.organization_id and l.nth = next.nth;
end
$$;
comment on function private.lock_next_pushes is 'In: of pushes that were delivered, the organisation, the name under which to claim the next one (null: none) and the place. Out: the next ones, locked, and beside each its name, its place and its job; null: none.';
