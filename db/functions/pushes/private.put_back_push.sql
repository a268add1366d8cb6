-- A push that cannot be sent now keeps a job. Its row is left as it is: it never began. The job of one behind an open breaker may
-- stay due: workers do not fetch it.
create or replace function private.put_back_push(p_push sync.pushes, p_reason text)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_wait constant interval := case when p_reason in ('member_busy', 'breaker_open') then interval '1 second' else interval '250 milliseconds' end;
begin
  -- Where a place will be free in a moment the job stays available: the queue looks at jobs with a later time only now and then.
  perform private.enqueue('push_personnummer', p_push.id, case when p_reason <> 'no_slot' then clock_timestamp() + v_wait end);
  return extract(epoch from v_wait) * 1000;
end
$$;
comment on function private.put_back_push is 'In: a push, why it waits. Queues it again. Out: milliseconds until it makes sense to look.';
