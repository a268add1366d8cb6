-- A worker says how a record compares with the member system. A difference is a case, once; one that a
-- coordinator has settled by leaving theirs as it is does not come back. Agreement closes an open case.
create or replace function worker.report_drift(
  member_id uuid, recorded_index text, verdict text, live_indexes text[], live_masked text, as_sent boolean
)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  m registry.members;
begin
  select known.* into m from registry.members as known where known.id = report_drift.member_id for no key update;
  -- The record has moved on since it was compared, or is about to be sent: the next comparison tells.
  if m.id is null or m.merged_into is not null or m.personnummer_index is distinct from report_drift.recorded_index or exists (
    select from sync.pushes as p where p.organization_id = m.organization_id and p.member_id = m.id and p.settled_at is null)
  then
    return false;
  elsif report_drift.verdict = 'same' then
    return private.supersede_cases(array(
      select c.id from registry.conflicts as c
      where c.organization_id = m.organization_id and c.member_id = m.id and c.kind = 'drift' and c.closed_at is null
    ), 'worker', 'The member system agrees again.') <> '{}';
  else
    return private.open_drift_case(m, report_drift.verdict, report_drift.live_indexes, report_drift.live_masked, report_drift.as_sent);
  end if;
end
$$;
comment on function worker.report_drift is 'In: a member, the index it was compared by, the verdict (same, another, none, missing, unreadable), indexes (one for each version of the key) and masked form of the number over there, whether it is what was sent last. Out: whether a case was opened or closed.';
grant execute on function worker.report_drift to sync_worker;
