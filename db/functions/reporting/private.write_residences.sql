-- History is kept: what changed holds from the day of the import on, so a move in November changes nothing of last year. A second import on one
-- day corrects the first.
create or replace function private.write_residences(p_run registry.import_runs, p_steps private.import_step[])
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into reporting.residences as known
    (organization_id, member_id, known_from, municipality, municipality_year, municipality_written, address, postal_code, chapter)
  select p_run.organization_id, s.member_id, (now() at time zone 'Europe/Oslo')::date,
    case when g.has_place then p.code else before.municipality end, case when g.has_place then p.year else before.municipality_year end,
    case when g.has_place then r.municipality else before.municipality_written end,
    case when 'address' = any (p_run.columns) then r.address else before.address end,
    case when 'postal_code' = any (p_run.columns) then r.postal_code else before.postal_code end,
    case when 'chapter' = any (p_run.columns) then r.chapter else before.chapter end
  from unnest(p_steps) as s
  cross join lateral (select (s.imported).*) as r
  cross join (select 'municipality' = any (p_run.columns)) as g(has_place)
  left join lateral private.read_municipality(r.municipality) as p on r.municipality is not null
  left join lateral (
    select k.* from reporting.residences as k where k.member_id = s.member_id order by k.known_from desc limit 1) as before on true
  where 'residence' = any (private.changed_of(p_run, s))
  on conflict (member_id, known_from) do update
  set municipality = excluded.municipality, municipality_year = excluded.municipality_year, municipality_written = excluded.municipality_written,
      address = excluded.address, postal_code = excluded.postal_code, chapter = excluded.chapter
$$;
comment on function private.write_residences is 'In: a run, its steps. Writes where the members live from today on.';
