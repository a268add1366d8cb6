-- Whether a recorded number may be kept only as long as its member consents: it came with a login of a provider for which the member was asked.
-- A number of an import, or one that a coordinator decided on, has the organisation's own legal basis.
create or replace function private.consent_is_basis(m registry.members)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from registry.consents as c
    where c.organization_id = m.organization_id and c.member_id = m.id and c.state in ('given', 'withdrawn')
      and m.personnummer_source::text = c.provider || '-login')
$$;
comment on function private.consent_is_basis is 'In: a member. Out: whether the recorded number was stored with the member''s consent.';
