-- Somebody who has refused, or withdrawn the consent themselves, is left in peace for the organisation's interval.
create or replace function private.may_ask_consent(p_observation registry.observations)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select private.needs_consent(p_observation) and not exists (
    select from registry.consents as c
    join registry.organizations as g on g.id = c.organization_id
    where c.organization_id = p_observation.organization_id and c.member_id = p_observation.member_id
      and c.provider = p_observation.provider and coalesce(c.withdrawn_at, c.answered_at) > now() - g.ask_again_after
      and (c.state = 'refused' or exists (
        select from registry.revocations as r
        where (r.organization_id, r.provider, r.received_at) = (c.organization_id, c.provider, c.withdrawn_at) and r.by_member)))
$$;
comment on function private.may_ask_consent is 'In: an observation with its member. Out: whether the member is to be asked for consent now.';
