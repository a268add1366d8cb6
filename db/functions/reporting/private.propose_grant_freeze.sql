-- Freezing always takes two pairs of eyes: a case of which the second coordinator approves (private.approve).
create or replace function private.propose_grant_freeze(p_snapshot_id uuid, p_note text, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s constant reporting.snapshots := private.snapshot_of_caller(p_snapshot_id);
  c registry.conflicts;
  v_refusal text := case
    when s.id is null then 'not_found'
    when p_expected_version is distinct from s.version then 'stale_version'
    when s.state = 'frozen' then 'frozen_already'
    when s.state = 'failed' then 'count_failed'
    when s.state = 'asked' or exists (
      select from reporting.snapshots as other
      where other.organization_id = s.organization_id and other.base_year = s.base_year and other.rule_code = s.rule_code
        and other.state = 'asked') then 'is_being_counted'
    when private.why_not_note(p_note) is null and not private.lock_counting(s.organization_id, false) then 'is_being_counted'
    else private.why_not_note(p_note)
  end;
begin
  if v_refusal is null and (private.snapshot_of_caller(p_snapshot_id)).id is null then
    v_refusal := 'not_found'; -- another count has taken its place before this one held the lock
  end if;
  if v_refusal is null then
    c.organization_id := s.organization_id;
    c.kind := 'grant_snapshot';
    c.fingerprint := 'grant_snapshot ' || s.id;
    c.detail := jsonb_build_object('snapshot_id', s.id, 'base_year', s.base_year, 'rule', s.rule_code, 'counted', s.counted, 'digest', s.digest);
    c := private.open_case(c);
    c := private.lock_case(c.id);
    v_refusal := case when c.state = 'proposed' then 'awaits_approval' end;
  end if;
  if v_refusal is not null then
    return private.refuse('propose_grant_freeze', v_refusal, p_snapshot_id);
  end if;
  return private.propose_decision(c, 'freeze_snapshot', p_note);
end
$$;
comment on function private.propose_grant_freeze is 'See api.propose_grant_freeze.';
grant execute on function private.propose_grant_freeze to authenticated;
