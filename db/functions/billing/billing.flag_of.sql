-- The flag of an organisation's invoice jobs: workers do not fetch those of one whose breaker is open, but for a probe, which has none.
create or replace function billing.flag_of(i billing.invoices)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select 'invoices:' || i.organization_id where not exists (select from billing.breakers as b where b.probe_invoice_id = i.id)
$$;
comment on function billing.flag_of is 'In: an invoice. Out: the flag of its job; null: it is a probe.';
