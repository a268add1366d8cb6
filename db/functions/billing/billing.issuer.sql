-- The row of an organisation, for trying it out (npm run issuer:check). It names secrets and holds none.
create or replace function billing.issuer(organization text)
returns table (organization_id uuid, issuer jsonb)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.organization_id, to_jsonb(s)
  from private.find_invoiced(issuer.organization, '{}') as g
  left join billing.issuers as s on s.organization_id = g.organization_id
$$;
comment on function billing.issuer is 'In: an organisation (slug). Out: its id and its issuer; no row for an unknown organisation.';
grant execute on function billing.issuer to sync_worker;
