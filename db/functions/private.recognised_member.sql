-- The daily case, answered by one look-up: a known login brings the very number that its member's record has. Then no other
-- question can change the outcome, and none is asked. Whatever is not exactly so takes the long way.
create or replace function private.recognised_member(p_observation registry.observations)
returns uuid
language sql stable
set search_path = ''
as $$
  select m.id
  from registry.identity_links as l
  join registry.members as m on m.id = l.member_id
  where l.organization_id = p_observation.organization_id and l.issuer = p_observation.issuer and l.subject = p_observation.subject
    and l.revoked_at is null
    and m.personnummer_index = p_observation.personnummer_index
    and coalesce(p_observation.requested_member_id = m.id, true)
    and p_observation.inconsistency is null
$$;
comment on function private.recognised_member is 'In: an observation. Out: its member, when the login is linked and the record has just the observed number; otherwise null.';
