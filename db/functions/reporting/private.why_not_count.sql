-- What stands against counting: also a year whose municipalities nobody has entered, because its figures would be wrong without anybody noticing.
create or replace function private.why_not_count(p_organization_id uuid, p_base_year integer, p_rule text, p_corrects uuid)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_organization_id is null then 'not_found'
    when not exists (select from reporting.grant_rules as g where g.code = p_rule) then 'rule_unknown'
    when not exists (select from reporting.divisions as d where d.year = p_base_year) then 'division_unknown'
    when exists (
      select from reporting.grant_rules as g
      where g.code = p_rule and private.grant_day(p_base_year, g.counted_month, g.counted_day) >= (now() at time zone 'Europe/Oslo')::date)
      then 'year_not_over'
    when p_corrects is not null and not exists (
      select from reporting.snapshots as s
      where s.id = p_corrects and s.organization_id = p_organization_id and s.base_year = p_base_year and s.rule_code = p_rule
        and s.state = 'frozen'
        and not exists (select from reporting.snapshots as later where later.corrects = s.id and later.state = 'frozen')) then 'corrects_unknown'
    when p_corrects is null and exists (
      select from reporting.snapshots as s
      where s.organization_id = p_organization_id and s.base_year = p_base_year and s.rule_code = p_rule and s.state = 'frozen') then 'frozen_already'
    when exists (
      select from reporting.snapshots as s join registry.conflicts as c
        on c.organization_id = s.organization_id and c.fingerprint = 'grant_snapshot ' || s.id and c.closed_at is null
      where s.organization_id = p_organization_id and s.base_year = p_base_year and s.rule_code = p_rule and s.state = 'draft') then 'awaits_approval'
  end
$$;
comment on function private.why_not_count is 'In: organisation (null: none that the caller may see), base year, rule, the frozen snapshot that is to be corrected. Out: code of the refusal; null: go ahead.';
