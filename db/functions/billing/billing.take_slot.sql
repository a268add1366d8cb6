-- At most `concurrency` invoices of an issuer are issued at a time, over all workers: as with pushes (private.take_slots) a slot is free when
-- none with a live lease holds it, and two claims that look at the same one are told apart by a lock that neither waits for.
create or replace function billing.take_slot(i billing.invoices)
returns smallint
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select unused.slot::smallint from (
    select n as slot from billing.issuers as s cross join lateral generate_series(1, s.concurrency) as n
    where s.id = i.issuer_id and not exists (
      select from billing.invoices as h
      where h.organization_id = i.organization_id and h.slot = n and h.state = 'issuing' and h.lease_expires_at > clock_timestamp())
    order by random() offset 0 -- Else PostgreSQL tries the lock of every free slot before it sorts them, and nobody else finds one.
  ) as unused
  where pg_try_advisory_xact_lock(hashtextextended(i.organization_id || ' invoice slot ' || unused.slot, 0))
  limit 1
$$;
comment on function billing.take_slot is 'In: a locked invoice. Out: a slot that is its until the end of the transaction; null: none is free.';
