-- Whether a number may not be stored yet: the provider's row says that the member is to be asked, the record has no number,
-- and no consent is stored.
create or replace function private.needs_consent(p_observation registry.observations)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from registry.identity_providers as p
    join registry.members as m on m.id = p_observation.member_id and m.personnummer_index is null
    where p.organization_id = p_observation.organization_id and p.provider = p_observation.provider and p.consent_mode <> 'none'
      and not exists (
        select from registry.consents as c
        where c.member_id = m.id and c.provider = p.provider and c.state = 'given'))
$$;
comment on function private.needs_consent is 'In: an observation with its member. Out: whether the member''s consent is needed and not there.';
