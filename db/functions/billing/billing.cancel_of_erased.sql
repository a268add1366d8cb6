-- Who is erased gets no more invoices of us. What was issued stays as bookkeeping material, with a mark in place of the person.
create or replace function billing.cancel_of_erased(p_organization_id uuid, p_member_ids uuid[])
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  i billing.invoices;
  v_count integer := 0;
begin
  for i in
    update billing.invoices as u
    set state = 'cancelled', settled_at = clock_timestamp(), next_attempt_at = null, lease_expires_at = null, slot = null,
        cancelled_by = 'erasure', cancel_reason = 'The person was erased.'
    where u.organization_id = p_organization_id and u.member_id = any (p_member_ids) and u.state not in ('issued', 'cancelled')
    returning *
  loop
    perform billing.record_event('invoice_cancelled', 'worker', i, 'The invoice was cancelled: the person was erased.');
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;
comment on function billing.cancel_of_erased is 'In: an organisation, the records of a person who is erased. Out: how many invoices were cancelled.';
grant execute on function billing.cancel_of_erased to registry_owner;
