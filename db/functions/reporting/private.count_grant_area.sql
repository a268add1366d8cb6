-- Sums of figures that are there.
create or replace function private.count_grant_area(p_snapshot_id uuid, p_area_year integer, p_counties text[], p_municipalities text[])
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s constant reporting.snapshots := private.snapshot_of_caller(p_snapshot_id);
  v_refusal constant text := case when s.id is null then 'not_found' else private.why_not_area(p_area_year, p_counties, p_municipalities) end;
begin
  if v_refusal is not null then
    return private.refuse('count_grant_area', v_refusal, p_snapshot_id);
  end if;
  return private.count_area(s, p_area_year, p_counties, p_municipalities);
end
$$;
comment on function private.count_grant_area is 'See api.count_grant_area.';
grant execute on function private.count_grant_area to authenticated;
