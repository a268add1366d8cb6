-- Moves logins, observations, sessions and consents from one member record to another; given the ids, moves just those (undo does).
create or replace function private.move_to_member(p_organization_id uuid, p_from uuid, p_to uuid, p_only jsonb default null)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with links as (
    update registry.identity_links set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_only is null or p_only -> 'links' ? id::text)
    returning id
  ), observations as (
    update registry.observations set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_only is null or p_only -> 'observations' ? id::text)
    returning id
  ), sessions as (
    update registry.sessions set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_only is null or p_only -> 'sessions' ? id::text)
    returning id
  ), consents as (
    update registry.consents as k set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_only is null or p_only -> 'consents' ? id::text)
      and not exists (select from registry.consents as other
                      where other.member_id = p_to and other.provider = k.provider and other.state = 'given' and k.state = 'given')
    returning id
  )
  select jsonb_build_object('moved', jsonb_build_object(
    'links', coalesce((select jsonb_agg(id) from links), '[]'),
    'observations', coalesce((select jsonb_agg(id) from observations), '[]'),
    'sessions', coalesce((select jsonb_agg(id) from sessions), '[]'),
    'consents', coalesce((select jsonb_agg(id) from consents), '[]')))
$$;
comment on function private.move_to_member is 'In: organisation, member from, member to, ids to move (null: all). Out: ids of what was moved.';
