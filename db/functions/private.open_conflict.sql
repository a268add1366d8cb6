-- A disagreement becomes a case, once: the fingerprint says what makes two sightings the same disagreement. One that is open
-- is counted up, and so is one that a coordinator has settled: a decision is remembered, the same disagreement does not come
-- back.
create or replace function private.open_conflict(
  p_kind registry.conflict_kind, p_observation registry.observations,
  p_member_id uuid default null, p_other_member_id uuid default null, p_candidates uuid[] default '{}'
)
returns uuid
language plpgsql volatile
set search_path = ''
as $$
declare
  v_fingerprint constant text := private.conflict_fingerprint(p_kind, p_observation, p_member_id, p_other_member_id, p_candidates);
  v_id uuid;
begin
  update registry.conflicts as known set seen = known.seen + 1, last_seen_at = clock_timestamp()
  where known.organization_id = p_observation.organization_id and known.fingerprint = v_fingerprint
    and known.state = 'resolved' and known.decision in ('keep_existing', 'not_same_person')
  returning known.id into v_id;
  if v_id is null then
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
