-- A worker takes one invoice. A pause, an open breaker or another invoice of the same recipient is no failure, and does not count as an attempt:
-- whatever goes on waiting gets a job, because the one that brought the worker here is used up.
create or replace function billing.claim_invoice(invoice_id uuid, worker_id text)
returns billing.invoice_claim
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  i billing.invoices;
  v_slot smallint;
  v_answer billing.invoice_claim;
begin
  select known.* into i from billing.invoices as known where known.id = claim_invoice.invoice_id for update;
  if i.id is null then
    return null;
  end if;
  v_answer.invoice_id := i.id;
  if i.state = 'issuing' and i.lease_expires_at > clock_timestamp() or i.settled_at is not null then
    return v_answer;
  elsif i.state = 'pending' and i.next_attempt_at > clock_timestamp() + interval '1 second' then
    perform billing.queue(i, i.next_attempt_at); -- somebody ran the job by hand, for instance
    return v_answer;
  end if;
  v_answer.waits_for := case
    when exists (
      select from billing.breakers as b
      where b.organization_id = i.organization_id and b.state <> 'closed' and b.probe_invoice_id is distinct from i.id) then 'breaker_open'
    when exists (
      select from billing.invoices as h
      where h.organization_id = i.organization_id and h.member_id = i.member_id and h.id <> i.id and h.state = 'issuing'
        and h.lease_expires_at > clock_timestamp()) then 'recipient_busy'
  end;
  if v_answer.waits_for is null then
    v_slot := billing.take_slot(i);
    if v_slot is not null then
      return billing.claim_locked(i.id, claim_invoice.worker_id, v_slot);
    end if;
    v_answer.waits_for := 'no_slot';
  end if;
  v_answer.organization_id := i.organization_id;
  v_answer.wait_ms := case v_answer.waits_for when 'no_slot' then 250 else 1000 end;
  perform billing.queue(i, case when v_answer.waits_for <> 'no_slot' then clock_timestamp() + interval '1 second' end);
  return v_answer;
end
$$;
comment on function billing.claim_invoice is 'In: an invoice, the name to claim it under. Out: what to issue; or why it waits; or only its id, when there is nothing to do; null: unknown.';
grant execute on function billing.claim_invoice to sync_worker;
