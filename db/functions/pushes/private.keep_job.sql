-- A job that comes before its push is due, because somebody ran it by hand for instance, is used up by that: the push gets another.
create or replace function private.keep_job(p_push sync.pushes)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_push.state in ('pending', 'given_up') and p_push.next_attempt_at is not null
    and p_push.waits_for_conflict_id is null then -- one that waits gets its job when it goes on
    perform private.enqueue('push_personnummer', p_push.id, p_push.next_attempt_at);
  end if;
end
$$;
comment on function private.keep_job is 'In: a push that cannot be claimed. Queues it for when it is due, if it is waiting.';
