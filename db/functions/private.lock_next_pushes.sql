-- The pushes that follow some that were delivered: as many of each organisation, the oldest first, that are due, whose jobs wait, and
-- that nothing stands in the way of. Record and job are looked up one by one (limit 1): however many wait, only the first few are looked at.
create or replace function private.lock_next_pushes(p_after_ids uuid[])
returns uuid[]
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  return (select array_agg(next.id)
  from (
    select s.organization_id, count(*) as most
    from sync.pushes as done
    join sync.member_systems as s on s.organization_id = done.organization_id and s.kind <> 'file' and s.rate_per_second is null
    where done.id = any (p_after_ids)
      and not exists (select from sync.breakers as b where b.organization_id = s.organization_id and b.state <> 'closed')
    group by s.organization_id
  ) as o
  cross join lateral (
    select p.id from sync.pushes as p
    cross join lateral (
      select from registry.members as m
      where m.id = p.member_id and m.merged_into is null and m.personnummer_index is not distinct from p.personnummer_index limit 1) as m
    cross join lateral (
      select from graphile_worker.jobs as w where w.key = 'push_personnummer:' || p.id and w.locked_at is null limit 1) as j
    where p.organization_id = o.organization_id and p.settled_at is null and p.state = 'pending'
      and p.next_attempt_at <= statement_timestamp()
      and not exists (
        select from sync.pushes as other
        where other.organization_id = p.organization_id and other.member_id = p.member_id and other.id <> p.id
          and other.state = 'sending' and other.lease_expires_at > clock_timestamp())
    order by p.next_attempt_at limit o.most
    for update of p skip locked
  ) as next);
end
$$;
comment on function private.lock_next_pushes is 'In: pushes that were delivered. Out: as many others of the same organisations, locked; null: none.';
