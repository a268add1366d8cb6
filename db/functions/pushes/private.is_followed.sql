-- A failed push that a later one of the same member follows is history: trying it again would only repeat what the later one does.
create or replace function private.is_followed(p_push sync.pushes)
returns boolean
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from sync.pushes as later
    where later.organization_id = p_push.organization_id and later.member_id = p_push.member_id and later.id <> p_push.id
      and later.created_at >= p_push.created_at and later.state in ('pending', 'sending', 'delivered'))
$$;
comment on function private.is_followed is 'In: a push. Out: whether a later one of its member is under way or has arrived.';
