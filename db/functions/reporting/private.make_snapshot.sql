-- Counts, in one transaction. A draft of the same year and rule gives way to the new one.
create or replace function private.make_snapshot(p_organization_id uuid, p_base_year integer, p_rule text, p_corrects uuid, p_source text)
returns reporting.snapshots
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
begin
  perform pg_advisory_xact_lock(hashtextextended('grant snapshot ' || p_organization_id, 0));
  delete from reporting.snapshots as known
  where known.organization_id = p_organization_id and known.base_year = p_base_year and known.rule_code = p_rule and known.state = 'draft';
  insert into reporting.snapshots as known
    (organization_id, base_year, rule_code, rule, counted_on, corrects, made_by, imported_at, counting_digest)
  select p_organization_id, p_base_year, g.code, to_jsonb(g), make_date(p_base_year, g.counted_month, g.counted_day), p_corrects, private.actor(),
    (select max(r.ended_at) from registry.import_runs as r
     where r.organization_id = p_organization_id and r.state = 'finished' and not r.dry_run),
    encode(sha256(convert_to((
      select string_agg(p.prosrc, ' ' order by p.proname) from pg_proc as p
      where p.pronamespace = 'private'::regnamespace
        and p.proname in ('count_persons', 'persons_of', 'municipality_in_year', 'area_municipalities', 'number_is_verified')), 'UTF8')), 'hex')
  from reporting.grant_rules as g where g.code = p_rule
  returning known.* into s;
  perform private.count_persons(s);
  perform private.mark_duplicates(s.id);
  s := private.sum_snapshot(s.id);
  perform private.record_event('grant_counted', p_source, p_organization_id,
    format('Members were counted for a grant: %s of %s records, base year %s.', s.counted, s.records, s.base_year),
    p_detail => jsonb_build_object('snapshot_id', s.id, 'rule', s.rule_code, 'digest', s.digest));
  return s;
end
$$;
comment on function private.make_snapshot is 'In: organisation, base year, rule, snapshot that is corrected, audit source; nothing stands against it (private.why_not_count). Out: the draft.';
