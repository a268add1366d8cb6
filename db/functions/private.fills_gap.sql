-- Whether an observed number may go into a record without replacing anything, or taking it from anybody.
create or replace function private.fills_gap(p_observation registry.observations, p_member_id uuid)
returns boolean
language sql stable
set search_path = ''
as $$
  select p_observation.personnummer_index is not null
    and exists (select from registry.members as m where m.id = p_member_id and m.personnummer_index is null)
    and not exists (
      select from registry.members as m
      where m.organization_id = p_observation.organization_id
        and m.personnummer_index = any (p_observation.personnummer_index || p_observation.personnummer_index_previous))
$$;
comment on function private.fills_gap is 'In: an observation, a member. Out: whether the member has no number and nobody has the observed one.';
