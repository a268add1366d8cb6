-- Invoices belong to an owner that may write nowhere else: what happens to them comes into the audit this way, and no other.
create or replace function private.record_invoice_event(
  p_event text, p_source text, p_organization_id uuid, p_message text, p_member_id uuid, p_detail jsonb
)
returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.record_event(p_event, p_source, p_organization_id, p_message, p_member_id => p_member_id, p_detail => p_detail)
$$;
comment on function private.record_invoice_event is 'In: event, source, organisation, sentence, member (null: none), detail. Appends the audit event.';
grant execute on function private.record_invoice_event to billing_owner;
