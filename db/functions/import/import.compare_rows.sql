-- Before anything of a file is written: how it stands to the members there are. Nothing is locked and nothing is changed; a row that is
-- rejected still says whose it is.
create or replace function import.compare_rows(run_id uuid, rows jsonb, rejections jsonb)
returns table (column_name text, had integer, changed integer)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  with given as (
    select e.element ->> 'external_id' as external_id, r
    from jsonb_array_elements(compare_rows.rows) as e(element)
    cross join lateral jsonb_populate_record(null::private.imported_member, e.element) as r
    union all
    select distinct e.element ->> 'external_id', null::private.imported_member
    from jsonb_array_elements(compare_rows.rejections) as e(element)
    where not exists (
      select from jsonb_array_elements(compare_rows.rows) as other(element)
      where other.element ->> 'external_id' = e.element ->> 'external_id')
  ), found as (
    select g.external_id, g.r, m from registry.import_runs as run
    cross join given as g
    left join registry.members as m
      on m.organization_id = run.organization_id and m.external_id = g.external_id and m.merged_into is null and m.erased_at is null
    where run.id = compare_rows.run_id
  )
  select c.name, count(c.old)::integer, count(c.old) filter (where c.old is distinct from c.new)::integer
  from found as f
  cross join lateral (values
    ('external_id', f.external_id, (f.m).external_id),
    ('given_name', (f.m).given_name, (f.r).given_name),
    ('family_name', (f.m).family_name, (f.r).family_name),
    ('birth_date', (f.m).birth_date::text, (f.r).birth_date::text),
    ('email', (f.m).email, (f.r).email),
    ('phone', (f.m).phone, (f.r).phone)) as c(name, old, new)
  where case c.name when 'external_id' then c.old is not null else f.r is distinct from null end
  group by c.name
$$;
comment on function import.compare_rows is 'In: a run, rows without numbers, rejected lines. Out: for each column, how many members have a value there, and how many of them would get another one or none; for external_id, how many ids the rows have, and how many of them are no member''s.';
grant execute on function import.compare_rows to member_importer;
