-- Any set of municipalities, on figures that are there: with the numbers of that year, or of an earlier one whose counties still share out money.
create or replace function private.count_area(s reporting.snapshots, p_area_year integer, p_counties text[], p_municipalities text[])
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'snapshot_id', s.id, 'base_year', s.base_year, 'counted', coalesce(sum(f.counted), 0), 'verified', coalesce(sum(f.verified), 0),
    'municipalities', count(f.key),
    'rows', coalesce(jsonb_agg(jsonb_build_object('municipality', f.key, 'name', f.name, 'counted', f.counted, 'verified',
      f.verified) order by f.key), '[]'),
    'without_municipality', coalesce((
      select u.counted from reporting.snapshot_figures as u
      where u.snapshot_id = s.id and u.dimension = 'municipality' and u.key = ''), 0))
  from reporting.snapshot_figures as f
  where f.snapshot_id = s.id and f.dimension = 'municipality'
    and f.key = any (private.area_municipalities(s.base_year, p_area_year, p_counties, p_municipalities))
$$;
comment on function private.count_area is 'In: a snapshot; the year of the numbers; numbers of counties, or of municipalities. Out: how many of the counted live there, by municipality, and how many live nobody knows where.';
