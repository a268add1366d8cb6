-- Several rows of a batch may have one number: the first that may write it gets it, and to the later ones it is another member's. Nothing else
-- of a row hangs on the others, so all are planned at once: one after the other, a batch of such rows would be planned as often as it has rows.
create or replace function private.plan_batch(p_run registry.import_runs, p_rows private.imported_member[])
returns private.import_step[]
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with planned as materialized (
    select s.member_id, s.is_new, s.changed, s.number, s.other_member_id, s.imported, (s.imported).line, (s.imported).personnummer_index
    from private.plan_import(p_run, p_rows) as s
  ), writer as (
    select distinct on (p.personnummer_index) p.personnummer_index, p.line, p.member_id
    from planned as p where p.number = 'write' order by p.personnummer_index, p.line
  )
  select coalesce(array_agg(row(
      p.member_id, p.is_new,
      case when p.number = 'write' and w.line < p.line then array_remove(p.changed, 'personnummer') else p.changed end,
      case when p.number = 'write' and w.line < p.line then 'duplicate' else p.number end,
      -- In a dry run nobody gets the number.
      case when w.line < p.line and not p_run.dry_run then coalesce(p.other_member_id, w.member_id) else p.other_member_id end,
      p.imported)::private.import_step order by p.line), '{}')
  from planned as p left join writer as w on w.personnummer_index = p.personnummer_index
$$;
comment on function private.plan_batch is 'In: a run, rows with different external ids. Out: one step for each, in the order of lines. Writes nothing.';
