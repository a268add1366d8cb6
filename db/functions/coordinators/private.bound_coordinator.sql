-- After the first sign-in issuer and subject alone count: an e-mail address may get another owner.
create or replace function private.bound_coordinator(p_organization_id uuid, l registry.login_key)
returns registry.coordinators
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select c from registry.coordinators as c
  where c.organization_id = p_organization_id and c.issuer = l.issuer and c.subject = l.subject
$$;
comment on function private.bound_coordinator is 'In: organisation, issuer and subject. Out: the coordinator who signs in with that login, or null.';
