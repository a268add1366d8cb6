-- Before a member is sent to a provider to link another login: is the access token's session still alive?
create or replace function login.session_is_live(session_id uuid, organization text)
returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.session_member(session_is_live.session_id, g.id) is not null
  from registry.organizations as g
  where g.slug = session_is_live.organization
$$;
comment on function login.session_is_live is 'In: a session, the organisation (slug). Out: whether its member is logged in; null for an unknown organisation.';
grant execute on function login.session_is_live to auth_callback;
