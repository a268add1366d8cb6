-- "Forbidden" usually speaks of our credentials, "moved for good" of the address. Where others' changes have been taken since this one
-- was answered so the last time, and that for the third time, it speaks of this member, and waiting would stop everybody for ever.
create or replace function private.refuses_this_member(p_push sync.pushes)
returns boolean
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select p_push.error_code in ('http_403', 'redirect_refused') and (
    select count(*) >= 2 from sync.push_attempts as a
    where a.push_id = p_push.id and a.error_code = p_push.error_code and a.attempt < p_push.attempts
      and exists (
        select from sync.pushes as other
        where other.organization_id = p_push.organization_id and other.state = 'delivered' and other.settled_at > a.finished_at))
$$;
comment on function private.refuses_this_member is 'In: a push (with code and status). Out: whether a refusal of all of us (403, 301, 308) means this member.';
