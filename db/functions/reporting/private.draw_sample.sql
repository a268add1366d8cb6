-- The auditor checks some members against vouchers. The same snapshot, number and seed are the same members, whoever draws and whenever; a larger
-- sample holds the smaller one.
create or replace function private.draw_sample(s reporting.snapshots, p_size integer, p_seed text)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'nth', p.nth, 'name', p.name, 'address', nullif(concat_ws(', ', p.address, p.postal_code), ''),
    'county', p.county, 'county_name', private.place_name(p.county, s.base_year), 'birth_year', p.birth_year, 'paid_on', p.paid_on,
    'amount', p.amount, 'erased', p.erased_at is not null) order by p.place), '[]')
  from (
    select k.*, row_number() over (order by k.lot, k.nth) as place
    from (
      select known.*, sha256(convert_to(s.id || ' ' || p_seed || ' ' || known.nth, 'UTF8')) as lot
      from reporting.snapshot_persons as known where known.snapshot_id = s.id and known.reason is null) as k
    order by k.lot, k.nth limit p_size
  ) as p
$$;
comment on function private.draw_sample is 'In: a snapshot, how many, a word of the auditor''s. Out: that many counted persons as JSON, in the order in which they are drawn.';
