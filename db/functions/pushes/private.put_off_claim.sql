-- A push that was asked for and is not begun. What has nothing left to carry is settled. Whatever goes on waiting gets a job, because the
-- one that brought the worker here is used up; its row is left as it is.
create or replace function private.put_off_claim(p_push_id uuid, p_reason text)
returns sync.push_claim
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes;
  v_answer sync.push_claim;
begin
  select known.* into strict p from sync.pushes as known where known.id = p_push_id;
  v_answer.push_id := p.id;
  case
    when p_reason = 'not_due' then
      -- Somebody ran the job by hand, for instance. One that waits for a case gets its job when it goes on.
      if p.state in ('pending', 'given_up') and p.next_attempt_at is not null and p.waits_for_conflict_id is null then
        perform private.enqueue('push_personnummer', p.id, p.next_attempt_at);
      end if;
    when p_reason = 'obsolete' then
      perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
    when p_reason = 'withdrawn' then
      perform private.cancel_push(p);
    when p_reason <> 'in_file' then
      v_answer.organization_id := p.organization_id;
      v_answer.waits_for := p_reason;
      v_answer.wait_ms := case when p_reason in ('member_busy', 'breaker_open') then 1000 else 250 end;
      -- Where a slot will be free in a moment the job stays available: the queue looks at jobs with a later time only now and then.
      -- The job of one behind an open breaker may become due: workers do not fetch it.
      perform private.enqueue('push_personnummer', p.id,
        case when p_reason <> 'no_slot' then clock_timestamp() + v_answer.wait_ms * interval '1 millisecond' end);
    else
      null;
  end case;
  return v_answer;
end
$$;
comment on function private.put_off_claim is 'In: a locked push, why it is not begun (private.judge_claims, or no_slot). Out: the answer to the worker, with waits_for and wait_ms if it is to look again.';
