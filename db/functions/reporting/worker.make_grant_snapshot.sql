-- The operator's way: npm run grant:report.
create or replace function worker.make_grant_snapshot(organization text, base_year integer, rule text, corrects uuid default null)
returns table (report jsonb, refused_as text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
  v_organization_id constant uuid := (select g.id from registry.organizations as g where g.slug = make_grant_snapshot.organization);
begin
  if v_organization_id is not null then
    perform private.lock_counting(v_organization_id, true);
  end if;
  refused_as := private.why_not_count(v_organization_id, make_grant_snapshot.base_year, make_grant_snapshot.rule, make_grant_snapshot.corrects);
  if refused_as is null then
    s := private.ask_snapshot(v_organization_id, make_grant_snapshot.base_year, make_grant_snapshot.rule, make_grant_snapshot.corrects);
    s := private.make_snapshot(s, 'operator');
    report := private.describe_snapshot(s); -- a statement of its own, which sees what was written
  end if;
  return next;
end
$$;
comment on function worker.make_grant_snapshot is 'In: organisation (slug), base year, rule, the frozen snapshot that is corrected. Out: the draft as a whole, or the code of the refusal.';
grant execute on function worker.make_grant_snapshot to sync_worker;
