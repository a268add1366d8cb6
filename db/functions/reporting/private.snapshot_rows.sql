-- The lists that are made of a snapshot. Who was erased is a row without a person.
create or replace function private.snapshot_rows(s reporting.snapshots, p_what text, p_after integer, p_most integer)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'nth', p.nth, 'name', p.name, 'address', nullif(concat_ws(', ', p.address, p.postal_code), ''),
    'municipality', p.municipality, 'municipality_name', private.place_name(p.municipality, s.base_year),
    'county', p.county, 'county_name', private.place_name(p.county, s.base_year), 'place_problem', p.place_problem, 'chapter', p.chapter,
    'birth_year', p.birth_year, 'paid_on', p.paid_on, 'amount', p.amount, 'verified', p.verified, 'reason', p.reason,
    'probable_group', p.probable_group, 'erased', p.erased_at is not null) order by p.nth), '[]')
  from (
    select k.* from reporting.snapshot_persons as k
    where k.snapshot_id = s.id and k.nth > p_after and case p_what
      when 'counted' then k.reason is null
      when 'not_counted' then k.reason is not null
      when 'duplicates' then k.probable_group is not null
      when 'places' then k.reason is null and k.place_problem is not null
    end
    order by k.nth limit p_most
  ) as p
$$;
comment on function private.snapshot_rows is 'In: a snapshot; counted, not_counted, duplicates or places; after which row; how many at most. Out: the rows as JSON, in their order.';
