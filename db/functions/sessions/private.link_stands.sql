-- A session lives by the login it began with. Whoever takes the link away ends the session too; this finds the one that was being opened in that
-- very moment. A coordinator's lives while the staff provider that vouched is the organisation's: who switches it off wants nobody to go on.
create or replace function private.link_stands(p_session registry.sessions)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from registry.observations as o
    join registry.identity_links as l on (l.organization_id, l.issuer, l.subject) = (o.organization_id, o.issuer, o.subject)
    where o.id = p_session.observation_id and l.member_id = p_session.member_id)
  or exists (
    select from registry.coordinators as c
    join registry.identity_providers as p on (p.organization_id, p.issuer) = (c.organization_id, c.issuer)
    where c.user_id = p_session.coordinator_id and c.organization_id = p_session.organization_id and p.provider = 'staff' and p.enabled)
$$;
comment on function private.link_stands is 'In: a session. Out: whether the login it began with is still linked to its member, or its staff provider still lets its coordinator in.';
