-- What an access token says of a session.
create or replace function private.describe_session(p_session_id uuid)
returns table (session_id uuid, user_id uuid, member_id uuid, organization_id uuid, organization text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select s.id, m.user_id, m.id, g.id, g.slug
  from registry.sessions as s
  join registry.members as m on m.id = s.member_id
  join registry.organizations as g on g.id = s.organization_id
  where s.id = p_session_id
$$;
comment on function private.describe_session is 'In: a session. Out: its user, member and organisation.';
