-- Every invoice that is to be issued, or was, for a page that shows how it went. Newest first: order=created_at.desc,id.desc.
-- The organisation and the record are looked up row by row ("offset 0"): joined, everything would be put in order before the first page is there.
create or replace view api.invoices with (security_invoker = true) as
select
  i.id, g.slug as organization, i.member_id, m.external_id as member_external_id, m.given_name as member_given_name,
  m.family_name as member_family_name, i.invoice_number, i.amount_ore, i.due_date, i.kid, i.document_reference, i.description, i.state,
  i.attempts,
  i.created_at, private.next_attempt(i.next_attempt_at, i.settled_at, b.state, b.probe_at) as next_attempt_at, i.settled_at,
  i.error_code, i.http_status,
  billing.explain_state(i.state, i.error_code) as reason, i.cancel_reason
from billing.invoices as i
cross join lateral (select r.slug from registry.organizations as r where r.id = i.organization_id offset 0) as g
cross join lateral (select r.external_id, r.given_name, r.family_name from registry.members as r where r.id = i.member_id offset 0) as m
left join billing.breakers as b on b.organization_id = i.organization_id;
comment on view api.invoices is 'Invoices of the coordinator''s organisations, whatever became of them.';
comment on column api.invoices.id is 'The invoice; api.cancel_invoice and api.retry_invoice take it.';
comment on column api.invoices.organization is 'Who issues it (slug).';
comment on column api.invoices.member_id is 'The member who is invoiced.';
comment on column api.invoices.member_external_id is 'The member''s number in the member system.';
comment on column api.invoices.member_given_name is 'Given name on the record.';
comment on column api.invoices.member_family_name is 'Family name on the record.';
comment on column api.invoices.invoice_number is 'The organisation''s number of the invoice.';
comment on column api.invoices.amount_ore is 'Amount in øre.';
comment on column api.invoices.due_date is 'When it is due.';
comment on column api.invoices.kid is 'KID that the payment carries.';
comment on column api.invoices.document_reference is 'The organisation''s reference to the document.';
comment on column api.invoices.description is 'What the recipient reads that it is for.';
comment on column api.invoices.state is 'Where it stands (docs/for-coordinators.md).';
comment on column api.invoices.attempts is 'Attempts begun.';
comment on column api.invoices.created_at is 'When it was added.';
comment on column api.invoices.next_attempt_at is 'When it is tried next; null: it is not tried any more, or is being issued.';
comment on column api.invoices.settled_at is 'When it was issued, or ended without.';
comment on column api.invoices.error_code is 'Code of the last failure (docs/error-codes.md).';
comment on column api.invoices.http_status is 'HTTP status of the last answer.';
comment on column api.invoices.reason is 'Why it was not issued, as a sentence.';
comment on column api.invoices.cancel_reason is 'Why it was cancelled.';
grant select on api.invoices to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.invoices
for each row execute function private.tg__refuse_write();
