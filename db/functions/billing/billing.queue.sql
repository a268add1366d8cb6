-- One invoice gets its job.
create or replace function billing.queue(i billing.invoices, p_run_at timestamptz default null)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.queue_invoices(array[i.id], array[billing.flag_of(i)], p_run_at)
$$;
comment on function billing.queue is 'In: an invoice, when. Queues it.';
