-- Somebody who has refused is left in peace for the organisation's interval.
create or replace function private.may_ask_consent(p_observation registry.observations)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select private.needs_consent(p_observation) and not exists (
    select from registry.consents as c
    join registry.organizations as g on g.id = c.organization_id
    where c.organization_id = p_observation.organization_id and c.member_id = p_observation.member_id
      and c.provider = p_observation.provider and c.state = 'refused' and c.answered_at > now() - g.ask_again_after)
$$;
comment on function private.may_ask_consent is 'In: an observation with its member. Out: whether the member is to be asked for consent now.';
