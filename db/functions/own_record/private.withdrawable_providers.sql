-- There is something to withdraw where a login of the member can still bring a number, or where a number, or a consent, is left of one. A
-- provider whose message withdrew the consent before said so unverified: it can be withdrawn again, and then the number goes.
create or replace function private.withdrawable_providers(m registry.members)
returns registry.provider[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(distinct l.provider order by l.provider), '{}')
  from registry.identity_links as l
  where l.organization_id = m.organization_id and l.member_id = m.id
    and (l.revoked_at is null
      or m.personnummer_source::text = l.provider || '-login' and private.consent_is_basis(m)
      or exists (select from registry.consents as c where c.member_id = m.id and c.provider = l.provider and c.state = 'given'))
$$;
comment on function private.withdrawable_providers is 'In: a member. Out: the providers for which the member can withdraw consent now.';
