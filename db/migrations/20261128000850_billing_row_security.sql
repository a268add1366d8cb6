-- migrate:up
-- Row security of invoices, and checks that call functions of ours, which are there by now.
set local role billing_owner;

alter table billing.issuers
  add constraint issuers_organization_number_holds check (billing.is_organization_number(organization_number)),
  add constraint issuers_account_number_holds check (billing.is_account_number(account_number));
alter table billing.invoices
  add constraint invoices_kid_holds check (billing.is_kid(kid)),
  add constraint invoices_hold_no_number check (
    not private.holds_number(invoice_number) and not private.holds_number(document_reference)
    and not private.holds_number(description) and not private.holds_number(cancel_reason));

alter table billing.issuers enable row level security;
alter table billing.issuers force row level security;
create policy owner_all on billing.issuers to billing_owner using (true) with check (true);
-- npm run configure acts as registry_owner. The rows are settings: no answer of an invoice service stands there.
create policy configured on billing.issuers to registry_owner using (true) with check (true);
grant select, insert, update, delete on billing.issuers to registry_owner;
create policy own_organization on billing.issuers as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on billing.issuers for select to authenticated using (true);
grant select (organization_id, organization_number) on billing.issuers to authenticated;

alter table billing.invoices enable row level security;
alter table billing.invoices force row level security;
create policy owner_all on billing.invoices to billing_owner using (true) with check (true);
create policy own_organization on billing.invoices as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on billing.invoices for select to authenticated using (true);
grant select (id, organization_id, member_id, invoice_number, amount_ore, due_date, kid, document_reference, description, state, attempts,
    next_attempt_at, error_code, http_status, created_at, settled_at, cancel_reason)
  on billing.invoices to authenticated;

alter table billing.breakers enable row level security;
alter table billing.breakers force row level security;
create policy owner_all on billing.breakers to billing_owner using (true) with check (true);
create policy own_organization on billing.breakers as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on billing.breakers for select to authenticated using (true);
grant select (organization_id, state, error_code, http_status, opened_at, probe_at) on billing.breakers to authenticated;

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
