-- The claim itself, of a locked invoice that nothing stands in the way of. As with pushes it is a lease with a fencing token: a worker that is
-- paused and wakes up after its lease cannot overwrite what a later one has reported.
create or replace function billing.claim_locked(p_invoice_id uuid, p_worker_id text, p_slot smallint)
returns billing.invoice_claim
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  i billing.invoices;
  r record;
  v_answer billing.invoice_claim;
begin
  update billing.invoices as u
  set state = 'issuing', attempts = u.attempts + 1, fencing_token = u.fencing_token + 1, slot = p_slot, leased_by = p_worker_id,
      next_attempt_at = null, looked_up_by = null, lease_expires_at = clock_timestamp() + private.lease()
  where u.id = p_invoice_id
  returning * into strict i;
  select known.* into r from private.invoice_recipient(i.organization_id, i.member_id) as known;
  v_answer.invoice_id := i.id;
  v_answer.worker_id := p_worker_id;
  v_answer.fencing_token := i.fencing_token::text;
  v_answer.attempt := i.attempts;
  v_answer.organization_id := i.organization_id;
  v_answer.member_id := i.member_id;
  select to_jsonb(s) into v_answer.issuer from billing.issuers as s where s.id = i.issuer_id;
  v_answer.organization := private.slug_of(i.organization_id);
  v_answer.invoice := jsonb_build_object('invoice_number', i.invoice_number, 'amount_ore', i.amount_ore,
    'due_date', to_char(i.due_date, 'YYYY-MM-DD'),
    'kid', i.kid, 'document_reference', i.document_reference, 'description', i.description);
  v_answer.overdue := i.due_date < private.today();
  v_answer.given_name := r.given_name;
  v_answer.family_name := r.family_name;
  v_answer.phone := r.phone;
  v_answer.email := r.email;
  v_answer.birth_date := r.birth_date;
  v_answer.personnummer_sealed := r.personnummer_sealed;
  v_answer.personnummer_index := r.personnummer_index;
  v_answer.lease_ms := (extract(epoch from private.lease()) * 1000)::integer;
  return v_answer;
end
$$;
comment on function billing.claim_locked is 'In: a locked invoice, the name it is claimed under, its slot. Out: what to issue, to whom and where.';
