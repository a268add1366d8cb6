-- The member system answers. A breaker that was open closes, its case is obsolete, and what failed before it opened need not wait
-- for pauses that were meant for a dead system.
create or replace function private.note_success(p_organization_id uuid)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  b sync.breakers;
begin
  -- Not even locked in the ordinary case: every delivery comes by here.
  if not exists (select from sync.breakers as k where k.organization_id = p_organization_id and (k.state <> 'closed' or k.failures > 0)) then
    return;
  end if;
  select k.* into b from sync.breakers as k where k.organization_id = p_organization_id for update;
  update sync.breakers
  set state = 'closed', failures = 0, openings = 0, error_code = null, http_status = null, opened_at = null, probe_at = null,
      probe_push_id = null, changed_at = case when b.state = 'closed' then changed_at else clock_timestamp() end
  where organization_id = p_organization_id;
  if b.state <> 'closed' then
    perform private.record_breaker_event('breaker_closed', b, 'The member system answers again; what waited is sent.');
    perform private.close_member_system_case(p_organization_id);
    perform private.hasten_pushes(p_organization_id);
  end if;
end
$$;
comment on function private.note_success is 'In: an organisation whose member system took a change. Closes its breaker if it was not closed.';
