-- An open breaker lets one invoice through when its pause is over: the one that is due longest. Its job carries no flag, so that workers fetch
-- it. A probe that was cancelled, or that does not report within a minute, is followed by another.
create or replace function billing.send_probes()
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  b billing.breakers;
  i billing.invoices;
  v_count integer := 0;
begin
  for b in
    select k.* from billing.breakers as k
    where k.state <> 'closed' and (k.probe_at <= clock_timestamp()
      or exists (select from billing.invoices as p where p.id = k.probe_invoice_id and p.settled_at is not null))
    for update skip locked
  loop
    update billing.invoices as u set next_attempt_at = clock_timestamp()
    where u.id = (
      select p.id from billing.invoices as p where p.organization_id = b.organization_id and p.state = 'pending'
      order by p.next_attempt_at limit 1 for update skip locked)
    returning * into i;
    if i.id is not null then
      update billing.breakers as u
      set state = 'half_open', probe_invoice_id = i.id, probe_at = clock_timestamp() + interval '1 minute', changed_at = clock_timestamp()
      where u.organization_id = b.organization_id
      returning * into b;
      perform billing.queue(i);
      perform billing.record_breaker_event('invoice_breaker_probing', b,
        'One invoice is tried to find out whether the invoice service works again.');
      v_count := v_count + 1;
    end if;
  end loop;
  return v_count;
end
$$;
comment on function billing.send_probes is 'Out: how many breakers let an invoice through.';
