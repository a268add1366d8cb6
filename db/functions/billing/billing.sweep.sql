-- What cannot wait: invoices whose lease ran out get a job, so do those that are due without one, and breakers whose pause is over a probe. Every
-- worker calls this every few seconds; one at a time does the work.
create or replace function billing.sweep()
returns table (what text, queued integer)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not pg_try_advisory_xact_lock(hashtextextended('billing.sweep', 0)) then
    return;
  end if;
  return query
    select 'issue_invoice'::text, coalesce(sum(private.queue_invoices(array[i.id], array[billing.flag_of(i)], null, true)), 0)::integer
    from (
      (select k.* from billing.invoices as k where k.state = 'issuing' and k.lease_expires_at < clock_timestamp()
        order by k.lease_expires_at limit 200)
      union all
      (select k.* from billing.invoices as k where k.state = 'pending' and k.next_attempt_at < clock_timestamp() - interval '30 seconds'
        order by k.next_attempt_at limit 200)
    ) as i;
  return query select 'invoice_probe'::text, billing.send_probes();
end
$$;
comment on function billing.sweep is 'Out: what was queued, and how many.';
grant execute on function billing.sweep to sync_worker;
