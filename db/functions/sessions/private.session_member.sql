-- Explicit linking is asked for by a member who is logged in: a session that lives, in the same organisation, and whose own login is
-- still that member's.
create or replace function private.session_member(p_session_id uuid, p_organization_id uuid)
returns uuid
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select s.member_id from registry.sessions as s
  where s.id = p_session_id and s.organization_id = p_organization_id
    and s.code_used_at is not null and s.ended_at is null and s.expires_at > now() and private.link_stands(s)
$$;
comment on function private.session_member is 'In: a session, the organisation. Out: its member while the session lives, otherwise null.';
