-- Invoices are queued as everything else is (private.enqueue). Their flag is another than that of the organisation's pushes: an invoice service
-- that is away does not hold up the member system's changes, nor they invoices. A probe has none.
create or replace function private.queue_invoices(
  p_ids uuid[], p_flags text[], p_run_at timestamptz default null, p_only_lost boolean default false
)
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_invoice record;
  v_count integer := 0;
begin
  for v_invoice in
    select t.id, t.flag from unnest(p_ids, p_flags) as t(id, flag)
    where not p_only_lost or not exists (
      select from graphile_worker.jobs as j
      where j.key = 'issue_invoice:' || t.id and j.attempts < j.max_attempts and j.locked_at is null)
  loop
    perform private.enqueue('issue_invoice', v_invoice.id, p_run_at, v_invoice.flag);
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;
comment on function private.queue_invoices is 'In: invoices, and beside each its flag; when; whether only those without a live job. Out: how many were queued.';
grant execute on function private.queue_invoices to billing_owner;
