-- Asked right before each request for an issue-token: none is asked for without an invoice that this worker holds, and of one invoice not more
-- often in a day than its issuer's row says. It is written down before anything leaves, so that a worker that is killed cannot ask on and on.
create or replace function billing.begin_look_up(invoice_id uuid, worker_id text, fencing_token bigint, looked_up_by billing.identifier)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_today constant date := private.today();
  i billing.invoices;
begin
  update billing.invoices as u
  set look_ups = case when u.look_ups_on = v_today then u.look_ups + 1 else 1 end, look_ups_on = v_today
  where u.id = begin_look_up.invoice_id and u.state = 'issuing' and u.fencing_token = begin_look_up.fencing_token
    and u.leased_by = begin_look_up.worker_id and u.lease_expires_at > clock_timestamp()
    and (u.look_ups_on is distinct from v_today
      or u.look_ups < (select s.look_ups_a_day from billing.issuers as s where s.id = u.issuer_id))
  returning * into i;
  if i.id is null then
    -- Null: somebody else may have it by now, or nobody.
    return (
      select false from billing.invoices as k
      where k.id = begin_look_up.invoice_id and k.state = 'issuing' and k.fencing_token = begin_look_up.fencing_token
        and k.leased_by = begin_look_up.worker_id and k.lease_expires_at > clock_timestamp());
  end if;
  i.error_code := null;
  i.http_status := null;
  perform billing.record_event('issue_token_requested', 'worker', i,
    'An issue-token is asked for, to issue this invoice.', jsonb_build_object('looked_up_by', begin_look_up.looked_up_by, 'look_ups', i.look_ups));
  return true;
end
$$;
comment on function billing.begin_look_up is 'In: an invoice that the caller holds, by what its recipient is looked up. Out: whether an issue-token may be asked for; false: not today any more; null: the invoice is not held.';
grant execute on function billing.begin_look_up to sync_worker;
