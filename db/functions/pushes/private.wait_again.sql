-- The push goes back to waiting: after a failure that passes, for its next attempt; or, taken in by the member system or put on the
-- worklist, for the word that it was carried out. Nobody is asked for that word too often: after ten seconds at first, then in tenths of the
-- time that has passed, at most every fifteen minutes. If its number is in question by now it waits for the case instead
-- (private.tg_pushes__wait): then it has no job, and was not taken in by anybody.
create or replace function private.wait_again(p_push sync.pushes, p_report sync.push_report)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes := p_push;
  v_is_accepted constant boolean := p_report.result = 'accepted';
  v_within interval;
begin
  p.state := 'pending';
  if not v_is_accepted then
    p.next_attempt_at := clock_timestamp() + private.retry_pause(p.attempts, p_report.retry_after);
    -- The member system no longer knows where to ask: the change is sent again, under the same key.
    if p.error_code = 'status_lost' then
      p.status_url := null;
    end if;
  else
    select s.accept_within into v_within from sync.member_systems as s where s.organization_id = p.organization_id;
    p.status_url := p_report.status_url;
    p.receiver_sealed := p_report.receiver_sealed;
    if p.status_url is null or p.accepted_until is null then
      p.accepted_until := clock_timestamp() + v_within;
    end if;
    p.next_attempt_at := case
      when p.status_url is null then p.accepted_until
      when p_report.retry_after is not null then clock_timestamp() + private.retry_pause(1, p_report.retry_after)
      else clock_timestamp() + least(greatest((v_within - (p.accepted_until - clock_timestamp())) / 10, interval '10 seconds'), interval '15 minutes')
    end;
  end if;
  update sync.pushes as u
  set state = p.state, lease_expires_at = null, slot = null, error_code = p.error_code, http_status = p.http_status,
      next_attempt_at = p.next_attempt_at, accepted_until = p.accepted_until, status_url = p.status_url, receiver_sealed = p.receiver_sealed
  where u.id = p.id
  returning u.waits_for_conflict_id into p.waits_for_conflict_id;
  if p.waits_for_conflict_id is null then
    perform private.enqueue('push_personnummer', p.id, p.next_attempt_at);
  end if;
  if not v_is_accepted then
    perform private.record_push_event('push_attempt_failed', p, format('Attempt %s to deliver failed (%s); it will be tried again.',
      p.attempts, p.error_code));
  elsif p_push.accepted_until is null and p.waits_for_conflict_id is null then
    perform private.record_push_event('push_accepted', p, case when p.status_url is null
      then 'The change is on the worklist: a person carries it out in the member system.'
      else 'The member system took the change in and will carry it out later.' end);
  end if;
end
$$;
comment on function private.wait_again is 'In: a locked push (with the code and status to keep), the report on its attempt: retry or accepted. Makes it wait, with a job for when it is due.';
