-- The door through which a worker reports. A report with an old fencing token changes nothing, and neither
-- does one of another worker than the one that holds it: a crash of the server may take a claim back, and its token is given again.
create or replace function worker.finish_push(
  push_id uuid, fencing_token bigint, result text, http_status integer, error_code text, duration_ms integer, final boolean,
  retry_after integer default null, status_url text default null, receiver_sealed text default null, worker_id text default null
)
returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes := private.lock_reported_push(finish_push.push_id);
begin
  if p.id is null then
    return null;
  elsif p.state <> 'sending' or p.fencing_token <> finish_push.fencing_token or p.leased_by <> finish_push.worker_id then
    perform private.heal_overtaken(p);
    return null;
  end if;
  insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, http_status, error_code, duration_ms)
  values (p.id, p.organization_id, p.attempts, p.leased_by, finish_push.result::sync.attempt_result, finish_push.http_status,
    finish_push.error_code, finish_push.duration_ms);
  p.http_status := finish_push.http_status;
  p.error_code := finish_push.error_code;
  case
    when finish_push.result = 'delivered' then
      perform private.settle_push(p, 'delivered', 'push_delivered', 'The personnummer was delivered to the member system.');
      perform private.heal_overtaken(p);
    when private.push_is_obsolete(p) then
      perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
    when p.consent_withdrawn_at is not null then
      perform private.cancel_push(p);
    when finish_push.result = 'accepted' then
      perform private.await_push(p, finish_push.retry_after, finish_push.status_url, finish_push.receiver_sealed);
    when finish_push.result = 'rejected' or private.refuses_this_member(p) then
      perform private.fail_push(p, 'rejected', 'push_rejected', 'The member system refused the change for good; a case was opened.');
    when finish_push.final or (p.attempts >= 25 and p.created_at < clock_timestamp() - interval '3 days') then
      perform private.fail_push(p, 'given_up', 'push_given_up', 'The change could not be delivered in all attempts; a case was opened.');
    else
      perform private.postpone_push(p, finish_push.retry_after);
  end case;
  select known.state into p.state from sync.pushes as known where known.id = p.id;
  perform private.tell_breaker(p, finish_push.result::sync.attempt_result, finish_push.retry_after);
  return p.state::text;
end
$$;
comment on function worker.finish_push is 'In: push, fencing token, result (delivered, accepted, retry, rejected), HTTP status and error code of the attempt, its duration in milliseconds, whether to give up now; Retry-After in seconds (at most 24 h are honoured); for accepted: where to ask, or the number sealed for the receiver; the name it was claimed under (null: not looked at). Out: the new state; null when the token is stale.';
grant execute on function worker.finish_push to sync_worker;
