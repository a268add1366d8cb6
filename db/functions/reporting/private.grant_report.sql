-- No persons, so nothing is written down.
create or replace function private.grant_report(p_snapshot_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s constant reporting.snapshots := private.snapshot_of_caller(p_snapshot_id);
begin
  if s.id is null then
    return private.refuse('grant_report', 'not_found', p_snapshot_id);
  end if;
  return private.describe_snapshot(s);
end
$$;
comment on function private.grant_report is 'See api.grant_report.';
grant execute on function private.grant_report to authenticated;
