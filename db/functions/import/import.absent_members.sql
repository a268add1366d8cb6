-- Members that a full export does not have any more are listed, a page at a time, and never deleted: somebody must find out
-- whether they left, or the export is not whole. Merged records are marks only.
create or replace function import.absent_members(run_id uuid, after_external_id text, most integer)
returns setof text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select m.external_id
  from registry.import_runs as r
  join registry.members as m on m.organization_id = r.organization_id
  where r.id = absent_members.run_id and r.state = 'running' and m.external_id > absent_members.after_external_id
    and m.merged_into is null and m.erased_at is null
    and not exists (select from registry.import_lines as l where l.run_id = r.id and l.external_id = m.external_id)
  order by m.external_id limit absent_members.most
$$;
comment on function import.absent_members is 'In: a run that is not finished yet, the last id of the page before, rows a page. Out: external ids of members that the file does not have.';
grant execute on function import.absent_members to member_importer;
