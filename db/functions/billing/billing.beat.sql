-- A worker says which invoices it is issuing; their leases are renewed. It hears which of them it has lost, and whose jobs not to fetch.
create or replace function billing.beat(invoice_ids uuid[], fencing_tokens bigint[])
returns table (lost uuid[], forbidden_flags text[])
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  with named as (
    select t.id, t.token from unnest(beat.invoice_ids, beat.fencing_tokens) as t(id, token)
  ), held as (
    update billing.invoices as i set lease_expires_at = clock_timestamp() + private.lease()
    from named as n
    where i.id = n.id and i.fencing_token = n.token and i.state = 'issuing'
    returning i.id
  )
  select coalesce(array_agg(n.id), '{}') into lost from named as n where not exists (select from held as h where h.id = n.id);
  select coalesce(array_agg('invoices:' || b.organization_id), '{}') into forbidden_flags from billing.breakers as b where b.state <> 'closed';
  return next;
end
$$;
comment on function billing.beat is 'In: invoices that this worker is issuing, with their tokens. Out: those it has lost; flags of jobs not to be fetched.';
grant execute on function billing.beat to sync_worker;
