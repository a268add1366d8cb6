-- What follows from one report. A report with an old fencing token changes nothing, and neither does one of another worker than the one
-- that holds the push: a crash of the server may take a claim back, and its token is given again. A delivery is always kept, because it is true.
-- 25 are the attempts of a push; those of its job in the queue (private.enqueue) begin anew with each job.
create or replace function private.record_result(p_report sync.push_report)
returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  r constant sync.push_report := p_report;
  p sync.pushes;
begin
  select known.* into strict p from sync.pushes as known where known.id = r.push_id;
  if p.state <> 'sending' or p.fencing_token <> r.fencing_token or p.leased_by is distinct from r.worker_id then
    perform private.resend_if_overtaken(p);
    return null;
  end if;
  insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, http_status, error_code, duration_ms)
  values (p.id, p.organization_id, p.attempts, p.leased_by, r.result, r.http_status, r.error_code, r.duration_ms);
  p.http_status := r.http_status;
  p.error_code := r.error_code;
  case
    when r.result = 'delivered' then
      perform private.settle_push(p, 'delivered', 'push_delivered', 'The personnummer was delivered to the member system.');
      perform private.resend_if_overtaken(p);
    when private.push_is_obsolete(p.id) then
      perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
    when p.consent_withdrawn_at is not null then
      perform private.cancel_push(p);
    when r.result = 'accepted' then
      perform private.wait_again(p, r);
    when r.result = 'rejected' or private.refuses_this_member(p) then
      perform private.fail_push(p, 'rejected', 'push_rejected', 'The member system refused the change for good; a case was opened.');
    when r.final or (p.attempts >= 25 and p.created_at < clock_timestamp() - interval '3 days') then
      perform private.fail_push(p, 'given_up', 'push_given_up', 'The change could not be delivered in all attempts; a case was opened.');
    else
      perform private.wait_again(p, r);
  end case;
  select known.state into p.state from sync.pushes as known where known.id = p.id;
  perform private.tell_breaker(p, r.result, r.retry_after);
  return p.state::text;
end
$$;
comment on function private.record_result is 'In: a report on a locked push. Out: its new state; null when the report is stale.';
