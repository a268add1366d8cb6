-- The first match rule: a login that was linked before stays linked, whatever phone, e-mail or name say now.
create or replace function private.linked_member(p_observation registry.observations)
returns uuid
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select l.member_id
  from registry.identity_links as l
  where l.organization_id = p_observation.organization_id
    and l.issuer = p_observation.issuer
    and l.subject = p_observation.subject
$$;
comment on function private.linked_member is 'In: an observation. Out: the member its issuer and subject are linked to, or null.';
