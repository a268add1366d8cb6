-- The first call of an import. The same file with the same settings goes on where its run was killed; another file gives up the run
-- that was not finished. Two starts at once go one after the other.
create or replace function import.start_run(organization text, fingerprint text, columns text[], dry_run boolean, readmit boolean default false)
returns table (run_id uuid, organization_id uuid, capture boolean, records_done integer, is_compared boolean, has_basis boolean)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  g registry.organizations;
  v_run registry.import_runs;
begin
  select known.* into g from registry.organizations as known where known.slug = start_run.organization for no key update;
  if g.id is null then
    raise exception 'There is no such organisation.' using errcode = 'PN005', hint = 'Organisations are rows in registry.organizations.';
  end if;
  select r.* into v_run from registry.import_runs as r
  where r.organization_id = g.id and r.dry_run = start_run.dry_run and r.state = 'running' for update;
  if v_run.fingerprint <> start_run.fingerprint or v_run.dry_run then
    perform private.end_import(v_run, 'abandoned');
    v_run := null;
  end if;
  if v_run.id is null then
    insert into registry.import_runs (organization_id, fingerprint, columns, dry_run, readmit)
    values (g.id, start_run.fingerprint, start_run.columns, start_run.dry_run, start_run.readmit)
    returning * into v_run;
  end if;
  return query select v_run.id, g.id, g.capture, v_run.records_done, v_run.accepted_at is not null, (private.import_basis(g.id)).id is not null;
end
$$;
comment on function import.start_run is 'In: organisation (slug), SHA-256 of file and settings, columns the file has, whether nothing is to be changed, whether erased members may come back. Out: the run, how many records it has done already, whether its file has been accepted, and whether there is an import to compare it with. Raises PN005.';
grant execute on function import.start_run to member_importer;
