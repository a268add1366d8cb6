-- Slots at the member systems: at most `concurrency` pushes of an organisation are sent at a time, over all workers. A slot is
-- free when no push with a live lease holds it. Two claims that look at the same slot at once are told apart by a lock that neither
-- waits for, and that ends with the claim's transaction.
create or replace function private.take_slots(p_ids uuid[], out ids uuid[], out slots smallint[])
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with wanted as materialized (
    select p.id, p.organization_id, row_number() over (partition by p.organization_id order by p.id) as nth
    from sync.pushes as p where p.id = any (p_ids)
  ), taken as materialized (
    select o.organization_id, free.slot, row_number() over (partition by o.organization_id) as nth
    from (
      select w.organization_id, count(*) as most, coalesce(min(s.concurrency), 4) as concurrency
      from wanted as w left join sync.member_systems as s on s.organization_id = w.organization_id
      group by w.organization_id
    ) as o
    cross join lateral (
      select unused.slot from (
        select n as slot from generate_series(1, o.concurrency) as n
        where not exists (
          select from sync.pushes as p
          where p.organization_id = o.organization_id and p.slot = n and p.state = 'sending' and p.lease_expires_at > clock_timestamp())
        order by random() offset 0 -- Else PostgreSQL tries the lock of every free slot before it sorts them, and nobody else finds one.
      ) as unused
      where pg_try_advisory_xact_lock(hashtextextended(o.organization_id || ' slot ' || unused.slot, 0))
      limit o.most
    ) as free
  )
  select array_agg(w.id), array_agg(t.slot) into ids, slots
  from wanted as w join taken as t on t.organization_id = w.organization_id and t.nth = w.nth;
end
$$;
comment on function private.take_slots is 'In: locked pushes. Out: those for which there is a slot, and beside each its slot, locked until the transaction ends (null: none). private.claim_locked looks again whether it is free.';
