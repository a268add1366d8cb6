-- How many of the counted live in some municipalities, or in a county of then.
create or replace function api.count_grant_area(snapshot_id uuid, area_year integer, counties text[] default null, municipalities text[] default null)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.count_grant_area(count_grant_area.snapshot_id, count_grant_area.area_year, count_grant_area.counties,
    count_grant_area.municipalities);
end;
comment on function api.count_grant_area is 'In: a snapshot, the year of the numbers, numbers of counties or of municipalities. Out: {"counted", "verified", "municipalities", "rows", "without_municipality"}, or a refusal with code and message (HTTP 404, 422).';
grant execute on function api.count_grant_area to authenticated;
