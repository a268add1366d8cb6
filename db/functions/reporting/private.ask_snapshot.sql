-- What is to be counted, and by which rule as it is now.
create or replace function private.ask_snapshot(p_organization_id uuid, p_base_year integer, p_rule text, p_corrects uuid)
returns reporting.snapshots
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  delete from reporting.snapshots as known
  where known.organization_id = p_organization_id and known.base_year = p_base_year and known.rule_code = p_rule
    and known.state in ('asked', 'failed');
  insert into reporting.snapshots
    (organization_id, organization_name, base_year, division, rule_code, rule, counted_on, corrects, made_by)
  select p_organization_id, o.name, p_base_year, d.source, g.code, to_jsonb(g), private.grant_day(p_base_year, g.counted_month, g.counted_day),
    p_corrects, private.actor()
  from reporting.grant_rules as g
  join registry.organizations as o on o.id = p_organization_id
  join reporting.divisions as d on d.year = p_base_year
  where g.code = p_rule
  returning *
$$;
comment on function private.ask_snapshot is 'In: organisation, base year, rule, snapshot that is corrected; nothing stands against it (private.why_not_count). Out: the row that waits to be counted.';
