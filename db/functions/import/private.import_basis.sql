-- What a file is compared with: the last import that came to its end. A handful of rows says nothing about the next file.
create or replace function private.import_basis(p_organization_id uuid)
returns registry.import_runs
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select r from registry.import_runs as r
  where r.organization_id = p_organization_id and r.state = 'finished' and not r.dry_run and (r.looks ->> 'rows')::integer >= 10
  order by r.started_at desc limit 1
$$;
comment on function private.import_basis is 'In: an organisation. Out: its last finished import of ten rows or more; null: there is none.';
