-- Counts, in one transaction. A draft of the same year and rule gives way to the new one, and so does a count that somebody asked for.
create or replace function private.make_snapshot(p_asked reporting.snapshots, p_source text)
returns reporting.snapshots
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
begin
  delete from reporting.snapshots as known
  where known.organization_id = p_asked.organization_id and known.base_year = p_asked.base_year and known.rule_code = p_asked.rule_code
    and known.state <> 'frozen' and known.id <> p_asked.id;
  update reporting.snapshots as known
  set made_at = clock_timestamp(),
      imported_at = (
        select max(r.ended_at) from registry.import_runs as r
        where r.organization_id = known.organization_id and r.state = 'finished' and not r.dry_run),
      counting_digest = encode(sha256(convert_to((
        select string_agg(p.prosrc, ' ' order by p.proname) from pg_proc as p
        where p.pronamespace = 'private'::regnamespace and p.proname in (
          'count_persons', 'persons_of', 'municipality_in_year', 'area_municipalities', 'number_is_verified', 'mark_duplicates')), 'UTF8')), 'hex')
  where known.id = p_asked.id returning known.* into strict s;
  perform private.count_persons(s);
  perform private.mark_duplicates(s.id);
  s := private.sum_snapshot(s.id);
  perform private.record_event('grant_counted', p_source, s.organization_id,
    format('Members were counted for a grant: %s of %s records, base year %s.', s.counted, s.records, s.base_year),
    p_detail => jsonb_build_object('snapshot_id', s.id, 'rule', s.rule_code, 'digest', s.digest));
  return s;
end
$$;
comment on function private.make_snapshot is 'In: a count that was asked for (private.ask_snapshot), audit source; counting is locked (private.lock_counting). Out: the draft.';
