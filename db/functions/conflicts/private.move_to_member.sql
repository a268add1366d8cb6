-- Moves logins, observations, sessions and consents from one member record to another; in an undo, just those that the merge had moved.
create or replace function private.move_to_member(
  p_organization_id uuid, p_from uuid, p_to uuid, p_undone registry.before_decision default null,
  out links uuid[], out observations uuid[], out sessions uuid[], out consents uuid[]
)
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with links as (
    update registry.identity_links set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_undone is null or id = any (p_undone.moved_links))
    returning id
  ), observations as (
    update registry.observations set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_undone is null or id = any (p_undone.moved_observations))
    returning id
  ), sessions as (
    update registry.sessions set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_undone is null or id = any (p_undone.moved_sessions))
    returning id
  ), consents as (
    update registry.consents as k set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_undone is null or id = any (p_undone.moved_consents))
      and not exists (select from registry.consents as other
                      where other.member_id = p_to and other.provider = k.provider and other.state = 'given' and k.state = 'given')
    returning id
  )
  select array(select id from links), array(select id from observations), array(select id from sessions), array(select id from consents)
$$;
comment on function private.move_to_member is 'In: organisation, member from, member to, the state before the merge that is undone (null: everything moves). Out: ids of what was moved.';
