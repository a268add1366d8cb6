-- The pause before the next attempt: the member system's own word (Retry-After) where there is one, at most 24 hours; else
-- growing, exp(attempts) seconds, at most seven hours, with a little chance so that those who failed together do not return
-- together. A server that says "in a second" for ever gets ten such tries, then one a minute.
create or replace function private.retry_pause(p_attempts integer, p_retry_after integer)
returns interval
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_retry_after is null then exp(least(p_attempts, 10)) * (1 + random() / 10)
    else least(greatest(p_retry_after, case when p_attempts > 10 then 60 else 1 end), 86400) + random()
  end * interval '1 second'
$$;
comment on function private.retry_pause is 'In: attempts so far, Retry-After in seconds or null. Out: the pause.';
grant execute on function private.retry_pause to billing_owner; -- invoices are tried again in the same way
