-- Whether the member has to be asked before a number is stored: the provider's row says so, and the record has no number yet.
create or replace function private.needs_consent(p_observation registry.observations)
returns boolean
language sql stable
set search_path = ''
as $$
  select exists (
    select from registry.identity_providers as p
    join registry.members as m on m.id = p_observation.member_id and m.personnummer_index is null
    where p.organization_id = p_observation.organization_id and p.provider = p_observation.provider and p.consent_mode <> 'none')
$$;
comment on function private.needs_consent is 'In: an observation with its member. Out: whether the member is still to be asked.';
