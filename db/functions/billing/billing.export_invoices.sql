-- The right of access: a person's invoices, for whoever asks what is stored about them. The only way by which anything of an invoice is read
-- with the rights of registry, and it ends in the export.
create or replace function billing.export_invoices(p_organization_id uuid, p_member_ids uuid[])
returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_agg(jsonb_strip_nulls(to_jsonb(i)) order by i.created_at, i.id)
  from billing.invoices as i where i.organization_id = p_organization_id and i.member_id = any (p_member_ids)
$$;
comment on function billing.export_invoices is 'In: an organisation, the records of a person. Out: their invoices, as rows; null: none.';
grant execute on function billing.export_invoices to registry_owner;
