-- Invoices name members as the organisation does. A record that was merged stands for the one that it was merged into; an erased one for nobody.
create or replace function private.find_invoiced(p_organization text, p_external_ids text[])
returns table (organization_id uuid, external_id text, member_id uuid)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.id, m.external_id, coalesce(m.merged_into, m.id)
  from registry.organizations as g
  left join registry.members as m on m.organization_id = g.id and m.external_id = any (p_external_ids) and m.erased_at is null
  where g.slug = p_organization
$$;
comment on function private.find_invoiced is 'In: an organisation (slug), member numbers. Out: the organisation, and each member that there is; no row: there is no such organisation.';
grant execute on function private.find_invoiced to billing_owner;
