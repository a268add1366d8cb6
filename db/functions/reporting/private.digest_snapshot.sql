-- The same snapshot is the same figures, years later: this is what stands beside them to show it. Persons are no part of it, because they may go.
create or replace function private.digest_snapshot(s reporting.snapshots)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select encode(sha256(convert_to(jsonb_build_array(
    s.id, s.organization_id, s.organization_name, s.base_year, s.division, s.rule,
    s.counted_on, s.corrects, s.counting_digest, s.records, s.counted, s.verified, s.counties,
    s.municipalities, s.probable_duplicates, s.open_cases, s.meets,
    (select jsonb_agg(jsonb_build_array(f.dimension, f.key, f.name, f.counted, f.verified) order by f.dimension::text collate "C", f.key collate "C")
     from reporting.snapshot_figures as f where f.snapshot_id = s.id))::text, 'UTF8')), 'hex')
$$;
comment on function private.digest_snapshot is 'In: a snapshot. Out: SHA-256 over all that was counted, in hex.';
