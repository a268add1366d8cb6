-- Whether a push may be begun now. Given up is not the end: it is tried again once a day.
create or replace function private.is_claimable(p_push sync.pushes)
returns boolean
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select case p_push.state
    when 'sending' then p_push.lease_expires_at <= clock_timestamp()
    when 'pending' then p_push.next_attempt_at <= clock_timestamp() + interval '1 second'
    when 'given_up' then coalesce(p_push.next_attempt_at <= clock_timestamp() + interval '1 second', false)
    else false
  end
$$;
comment on function private.is_claimable is 'In: a locked push. Out: whether it is due and held by nobody.';
