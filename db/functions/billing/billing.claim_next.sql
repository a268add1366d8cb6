-- Another invoice of the recipient whose invoice was just issued goes on in its slot, with the issue-token that its worker has in memory.
create or replace function billing.claim_next(p_done billing.invoices, p_worker_id text, p_slot smallint)
returns billing.invoice_claim
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid;
begin
  select n.id into v_id from billing.invoices as n
  where n.organization_id = p_done.organization_id and n.member_id = p_done.member_id and n.issuer_id = p_done.issuer_id
    and n.state = 'pending' and n.next_attempt_at <= clock_timestamp()
    and not exists (select from billing.breakers as b where b.organization_id = n.organization_id and b.state <> 'closed')
  order by n.next_attempt_at, n.id limit 1
  for update skip locked;
  if v_id is null or not pg_try_advisory_xact_lock(hashtextextended(p_done.organization_id || ' invoice slot ' || p_slot, 0)) then
    return null;
  end if;
  return billing.claim_locked(v_id, p_worker_id, p_slot);
end
$$;
comment on function billing.claim_next is 'In: an invoice that was issued, the name to claim the next one under, the slot. Out: the claim; null: none is due.';
