-- What a coordinator has decided outranks the match rules for good, and a member's own wish too.
create or replace function private.is_excluded(p_observation registry.observations, p_member_id uuid)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from registry.excluded_links as x
    where x.organization_id = p_observation.organization_id and x.issuer = p_observation.issuer and x.subject = p_observation.subject
      and x.member_id = p_member_id)
$$;
comment on function private.is_excluded is 'In: an observation, a member. Out: whether a coordinator found that this login is not that member.';
