-- How issuing stands: one row per organisation that issues invoices.
create or replace view api.invoice_issuers with (security_invoker = true) as
select
  g.slug as organization, s.organization_number, coalesce(b.state, 'closed') as breaker, b.error_code,
  billing.explain_state(null, b.error_code) as reason, b.opened_at, b.probe_at as next_probe_at, w.waiting
from billing.issuers as s
join registry.organizations as g on g.id = s.organization_id
left join billing.breakers as b on b.organization_id = s.organization_id
cross join lateral (
  select count(*) as waiting from billing.invoices as i where i.organization_id = s.organization_id and i.settled_at is null) as w;
comment on view api.invoice_issuers is 'The issuer of each of the coordinator''s organisations: whether invoices are issued (breaker closed) and if not why and until when, and how many wait.';
comment on column api.invoice_issuers.organization is 'The organisation (slug).';
comment on column api.invoice_issuers.organization_number is 'Its organisation number.';
comment on column api.invoice_issuers.breaker is 'closed: invoices are issued; open: none is; half_open: one is, to find out.';
comment on column api.invoice_issuers.error_code is 'The failure that stopped them (docs/error-codes.md).';
comment on column api.invoice_issuers.reason is 'The same as a sentence.';
comment on column api.invoice_issuers.opened_at is 'Since when none is issued.';
comment on column api.invoice_issuers.next_probe_at is 'When the next one is tried.';
comment on column api.invoice_issuers.waiting is 'How many invoices wait.';
grant select on api.invoice_issuers to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.invoice_issuers
for each row execute function private.tg__refuse_write();
