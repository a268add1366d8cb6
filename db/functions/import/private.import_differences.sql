-- When a file looks so different from the last import that a person must look before anything is written. One row of it may be
-- as wrong as it likes; these are faults of whole columns and whole exports: another column in the place of the id, zeros lost,
-- a column sorted by itself, half the members gone. More than half is what no ordinary month does to an organisation; rejected rows
-- are too many when they are twice the last share and another tenth of the file.
create or replace function private.import_differences(p_organization_id uuid, p_looks jsonb, p_is_partial boolean)
returns table (difference registry.import_difference, column_name text, before integer, now integer)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with basis as (
    select b.looks, b.rejected, b.records_done, (p_looks ->> 'rows')::numeric as rows
    from private.import_basis(p_organization_id) as b where b.id is not null
  ), columns as (
    select c.key as name, c.value as now, b.looks -> 'columns' -> c.key as before, b.rows
    from basis as b cross join lateral jsonb_each(p_looks -> 'columns') as c
  ), rejected as (
    select b.rejected / nullif(b.records_done, 0)::numeric as before,
      (p_looks ->> 'rejected')::numeric / nullif(b.rows, 0) as now, b.rows
    from basis as b
  ), absent as (
    select 1 - ((c.now ->> 'had')::numeric - (c.now ->> 'changed')::numeric) / f.members as now
    from columns as c
    cross join lateral ( -- not all the members there are: those who left are never deleted, and would be asked about every month
      select (r.added + r.updated + r.unchanged)::numeric as members from registry.import_runs as r
      where r.organization_id = p_organization_id and r.state = 'finished' and not r.dry_run and not (r.looks ->> 'partial')::boolean
      order by r.started_at desc limit 1) as f
    where c.name = 'external_id' and f.members >= 10
  )
  select 'column_looks_different'::registry.import_difference, c.name, null::integer, round(100 * d.distance)::integer
  from columns as c cross join lateral private.kinds_distance(c.before -> 'kinds', c.now -> 'kinds') as d(distance)
  where c.before is not null and c.rows >= 10 and d.distance > 0.5
  union all
  select 'column_changed', c.name, null, round(100 * (c.now ->> 'changed')::numeric / (c.now ->> 'had')::numeric)::integer
  from columns as c
  where c.name <> 'external_id' and (c.now ->> 'had')::integer >= 10 and (c.now ->> 'changed')::numeric * 2 > (c.now ->> 'had')::numeric
  union all
  select 'many_rejected', null, round(100 * coalesce(r.before, 0))::integer, round(100 * r.now)::integer
  from rejected as r where r.rows >= 10 and r.now > 2 * coalesce(r.before, 0) + 0.1
  union all
  select 'members_absent', null, null, round(100 * a.now)::integer from absent as a where not p_is_partial and a.now >= 0.5
$$;
comment on function private.import_differences is 'In: an organisation, what its new file looks like, whether the file holds only a part of the members. Out: what a person must look at, shares in percent; nothing where there is nothing to compare with.';
