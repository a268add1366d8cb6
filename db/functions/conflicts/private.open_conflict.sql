-- A disagreement becomes a case, once: the fingerprint says what makes two sightings the same disagreement. One that is open
-- is counted up, and so is one that a coordinator has settled: a decision is remembered, the same disagreement does not come
-- back. A coordinator may be settling it at this moment: the update waits, and sees how. What was settled so that there is no
-- disagreement any more (the login linked, the records merged) is no new case: whoever asks is decided again.
create or replace function private.open_conflict(
  p_kind registry.conflict_kind, p_observation registry.observations,
  p_member_id uuid default null, p_other_member_id uuid default null, p_candidates uuid[] default '{}'
)
returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_fingerprint constant text := private.conflict_fingerprint(p_kind, p_observation, p_member_id, p_other_member_id, p_candidates);
  v_known uuid;
  v_id uuid;
begin
  v_known := private.known_case(p_observation.organization_id, v_fingerprint, case when p_kind = 'mismatch' then p_member_id end);
  update registry.conflicts as c
  set seen = c.seen + 1, last_seen_at = clock_timestamp(),
      -- Who else has the number may have changed, and is what the coordinator sees.
      other_member_id = case c.state when 'open' then p_other_member_id else c.other_member_id end,
      fingerprint = case c.state when 'open' then v_fingerprint else c.fingerprint end,
      version = c.version + (c.state = 'open' and c.other_member_id is distinct from p_other_member_id)::integer
  where c.id = v_known and (c.state = 'open' or c.state = 'resolved' and c.decision in ('keep_existing', 'not_same_person'))
  returning c.id into v_id;
  if v_id is null and v_known is not null and p_kind <> 'inconsistent' then
    raise exception 'The case was settled meanwhile.' using errcode = 'serialization_failure';
  elsif v_id is null then
    insert into registry.conflicts as c
      (organization_id, kind, member_id, other_member_id, candidates, observation_id, fingerprint, detail)
    values (
      p_observation.organization_id, p_kind, p_member_id, p_other_member_id, p_candidates, p_observation.id, v_fingerprint,
      p_observation.explanation || case when p_kind = 'mismatch' then private.classify_mismatch(p_observation) else '{}' end)
    on conflict (organization_id, fingerprint) where state = 'open'
      do update set seen = c.seen + 1, last_seen_at = clock_timestamp()
    returning c.id into v_id;
  end if;
  return v_id;
end
$$;
comment on function private.open_conflict is 'In: kind, observation, member, the other member, the candidates. Out: id of the case: new, open already, or settled before.';
