-- A report as a whole: what was counted, by which rule and with which division, what it rests on. Equal for equal snapshots, whenever it
-- is asked for: so times are in UTC, and names are those of then.
create or replace function private.describe_snapshot(s reporting.snapshots)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
  select jsonb_build_object(
    'snapshot_id', s.id, 'organization', g.slug, 'organization_name', s.organization_name, 'base_year', s.base_year,
    'application_year', s.base_year + (s.rule ->> 'application_after')::integer, 'grant_year', s.base_year + (s.rule ->> 'grant_after')::integer,
    'rule', s.rule, 'counted_on', s.counted_on, 'state', s.state, 'version', s.version, 'corrects', s.corrects, 'made_at', s.made_at,
    'imported_at', s.imported_at, 'frozen_at', s.frozen_at, 'division', s.division,
    'counting_digest', s.counting_digest, 'records', s.records, 'counted', s.counted, 'verified', s.verified, 'counties', s.counties,
    'municipalities', s.municipalities, 'probable_duplicates', s.probable_duplicates, 'open_cases', s.open_cases, 'meets', s.meets,
    'digest', s.digest,
    'figures', (
      select jsonb_agg(jsonb_build_object('dimension', f.dimension, 'key', f.key,
        'name', f.name,
        'counted', f.counted, 'verified', f.verified) order by f.dimension, f.key collate "C")
      from reporting.snapshot_figures as f where f.snapshot_id = s.id))
  from registry.organizations as g where g.id = s.organization_id
$$;
comment on function private.describe_snapshot is 'In: a snapshot. Out: all of it but the persons, as JSON.';
