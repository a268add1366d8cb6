-- Figures from the persons, once: what is read, compared and frozen are these rows, so that persons may be erased.
create or replace function private.sum_snapshot(p_snapshot_id uuid)
returns reporting.snapshots
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
  g reporting.grant_rules;
begin
  insert into reporting.snapshot_figures (snapshot_id, organization_id, dimension, key, name, counted, verified)
  select p.snapshot_id, p.organization_id, d.dimension, d.key,
    case when d.dimension in ('county', 'municipality') then private.place_name(d.key, t.base_year) end, count(*), count(*) filter (where p.verified)
  from reporting.snapshot_persons as p join reporting.snapshots as t on t.id = p.snapshot_id
  cross join lateral (values
    ('county'::reporting.dimension, coalesce(p.county, ''), p.reason is null),
    ('municipality', coalesce(p.municipality, ''), p.reason is null),
    ('birth_year', coalesce(p.birth_year::text, ''), p.reason is null),
    ('chapter', coalesce(p.chapter, ''), p.reason is null),
    ('place_problem', p.place_problem::text, p.reason is null and p.place_problem is not null),
    ('reason', p.reason::text, p.reason is not null)) as d(dimension, key, belongs)
  where p.snapshot_id = p_snapshot_id and d.belongs
  group by p.snapshot_id, p.organization_id, t.base_year, d.dimension, d.key;

  update reporting.snapshots as known
  set records = t.records, counted = t.counted, verified = t.verified, probable_duplicates = t.alike, counties = t.counties,
      municipalities = t.municipalities,
      open_cases = coalesce((
        select jsonb_object_agg(c.kind, c.n) from (
          select o.kind, count(*) as n from registry.conflicts as o
          where o.organization_id = known.organization_id and o.closed_at is null group by o.kind) as c), '{}')
  from (
    select count(*) as records, count(*) filter (where p.reason is null) as counted,
      count(*) filter (where p.reason is null and p.verified) as verified, count(p.probable_group) as alike,
      count(distinct p.county) filter (where p.reason is null) as counties,
      count(distinct p.municipality) filter (where p.reason is null) as municipalities
    from reporting.snapshot_persons as p where p.snapshot_id = p_snapshot_id
  ) as t
  where known.id = p_snapshot_id returning known.* into s;
  g := jsonb_populate_record(null::reporting.grant_rules, s.rule);
  s.meets := (
    select case when g.one_suffices then bool_or(r.has >= r.wants) else bool_and(r.has >= r.wants) end
    from (values (s.counted, g.required_members), (s.municipalities, g.required_municipalities), (s.counties, g.required_counties)) as r(has, wants)
    where r.wants is not null);
  s.digest := private.digest_snapshot(s);
  update reporting.snapshots as known set meets = s.meets, digest = s.digest, state = 'draft' where known.id = s.id
  returning known.* into s;
  return s;
end
$$;
comment on function private.sum_snapshot is 'In: a draft whose persons are written. Out: the draft with its figures and their digest.';
