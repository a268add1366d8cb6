-- A member system that is away for a day is a case: nobody may have to find out from a graph that changes wait.
create or replace function private.report_long_outages()
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  b sync.breakers;
  v_count integer := 0;
begin
  for b in
    select k.* from sync.breakers as k
    where k.state <> 'closed' and k.opened_at < clock_timestamp() - interval '1 day'
      and not exists (select from registry.conflicts as c
                      where c.organization_id = k.organization_id and c.fingerprint = 'member_system' and c.opened_at > k.opened_at)
  loop
    perform private.open_member_system_case(b.organization_id, 'member_system',
      jsonb_build_object('error_code', b.error_code, 'http_status', b.http_status));
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;
comment on function private.report_long_outages is 'Out: how many cases about member systems were opened.';
