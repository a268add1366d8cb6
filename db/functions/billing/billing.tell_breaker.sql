-- What an attempt says of the invoice service as a whole, by the rules that member systems have (private.member_system_fault, private.breaker_pause):
-- an answer about an invoice shows that it works, five failures in a row open the breaker, refused credentials and a failed probe do so at
-- once. So does an issuer that is not allowed: no further recipients are looked up in its name.
create or replace function billing.tell_breaker(i billing.invoices, p_result billing.invoice_result, p_retry_after integer)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  b billing.breakers;
  v_fault constant text := case
    when i.error_code = 'issuer_not_allowed' then 'at_once'
    when p_result = 'retry' then private.member_system_fault(i.error_code) end;
begin
  if v_fault is not null then
    insert into billing.breakers (organization_id) values (i.organization_id) on conflict do nothing;
    update billing.breakers as u set failures = u.failures + 1 where u.organization_id = i.organization_id returning * into b;
    if (b.state = 'closed' and (v_fault = 'at_once' or b.failures >= 5)) or (b.state = 'half_open' and b.probe_invoice_id = i.id) then
      update billing.breakers as u
      set state = 'open', openings = u.openings + 1, error_code = i.error_code, http_status = i.http_status,
          opened_at = coalesce(u.opened_at, clock_timestamp()), probe_at = clock_timestamp() + private.breaker_pause(u.openings, p_retry_after),
          probe_invoice_id = null, changed_at = clock_timestamp()
      where u.organization_id = i.organization_id
      returning * into b;
      perform billing.record_breaker_event('invoice_breaker_opened', b, format('No invoices are issued for now (%s).', b.error_code));
    end if;
  elsif i.http_status is not null and p_result <> 'retry' then
    select k.* into b from billing.breakers as k
    where k.organization_id = i.organization_id and (k.state <> 'closed' or k.failures > 0) for update;
    if b.organization_id is null then
      return; -- nearly always
    end if;
    update billing.breakers as u
    set state = 'closed', failures = 0, openings = 0, error_code = null, http_status = null, opened_at = null, probe_at = null,
        probe_invoice_id = null, changed_at = case when b.state = 'closed' then u.changed_at else clock_timestamp() end
    where u.organization_id = i.organization_id;
    if b.state <> 'closed' then
      perform billing.record_breaker_event('invoice_breaker_closed', b, 'The invoice service answers again; what waited is issued.');
      perform billing.hasten(i.organization_id);
    end if;
  end if;
end
$$;
comment on function billing.tell_breaker is 'In: an invoice with what the attempt came to, result, Retry-After in seconds or null.';
