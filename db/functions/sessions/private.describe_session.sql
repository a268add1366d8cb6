-- What the tokens of a session say.
create or replace function private.describe_session(p_session_id uuid)
returns table (
  session_id uuid, user_id uuid, member_id uuid, organization_id uuid, organization text, audience text, scope text[], nonce text
)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select s.id, coalesce(m.user_id, s.coordinator_id), m.id, g.id, g.slug, s.audience::text, s.scope, s.nonce
  from registry.sessions as s
  join registry.organizations as g on g.id = s.organization_id
  left join registry.members as m on m.id = s.member_id
  where s.id = p_session_id
$$;
comment on function private.describe_session is 'In: a session. Out: its user, who is a member or a coordinator, its organisation, and what its app asked for.';
