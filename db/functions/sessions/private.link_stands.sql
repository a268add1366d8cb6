-- A session lives by the link of the login it began with. Whoever takes the link away ends the session too; this finds the one that
-- was being opened in that very moment.
create or replace function private.link_stands(p_session registry.sessions)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from registry.observations as o
    join registry.identity_links as l on (l.organization_id, l.issuer, l.subject) = (o.organization_id, o.issuer, o.subject)
    where o.id = p_session.observation_id and l.member_id = p_session.member_id)
$$;
comment on function private.link_stands is 'In: a session. Out: whether the login it began with is still linked to its member.';
