-- One audit event for each record that an import made or changed.
create or replace function private.record_import(p_run registry.import_runs, p_steps private.import_step[])
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.record_event(
    case when s.is_new then 'member_added' else 'member_updated' end, 'import', p_run.organization_id,
    format(case when s.is_new then 'An import added the member record%2$s.' else 'An import changed %1$s of the member record%2$s.' end,
      replace(array_to_string(s.changed, ', '), '_', ' '),
      case when s.number = 'write' then format(', with the personnummer %s', (s.imported).personnummer_masked) end),
    p_member_id => s.member_id,
    p_detail => jsonb_strip_nulls(jsonb_build_object(
      'import_run_id', p_run.id, 'line', (s.imported).line, 'changed', nullif(to_jsonb(s.changed), '[]'),
      'personnummer', case when s.number = 'write' then (s.imported).personnummer_masked end)))
  from unnest(p_steps) as s
  where s.is_new or s.changed <> '{}'
$$;
comment on function private.record_import is 'In: a run, its steps. Appends the audit events.';
