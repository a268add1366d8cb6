-- A login that is taken away from a member takes its sessions with it: whoever holds them came in as that member by this login.
-- Called after the link has changed. A session that is being opened in that very moment is found at its next refresh (link_stands).
create or replace function private.end_login_sessions(p_organization_id uuid, p_issuer text, p_subject text, p_member_id uuid)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.end_session(s, 'link_removed')
  from registry.sessions as s join registry.observations as o on o.id = s.observation_id
  where s.organization_id = p_organization_id and s.member_id = p_member_id and s.ended_at is null
    and (o.issuer, o.subject) = (p_issuer, p_subject)
$$;
comment on function private.end_login_sessions is 'In: organisation, issuer and subject of a login, the member it was linked to. Ends the sessions that began with it as that member.';
