-- Invoices that wait only because the invoice service was away are tried within seconds; slots take care of the pace.
create or replace function billing.hasten(p_organization_id uuid)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  i billing.invoices;
begin
  for i in
    update billing.invoices as u set next_attempt_at = clock_timestamp()
    where u.id in (
      select k.id from billing.invoices as k
      where k.organization_id = p_organization_id and k.state = 'pending' and k.next_attempt_at > clock_timestamp()
        and private.member_system_fault(k.error_code) is not null
      order by k.next_attempt_at limit 1000 for update skip locked)
    returning *
  loop
    perform billing.queue(i);
  end loop;
end
$$;
comment on function billing.hasten is 'In: an organisation. Makes those of its waiting invoices due that failed because the service was away.';
