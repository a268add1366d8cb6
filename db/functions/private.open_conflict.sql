-- A disagreement becomes a case, once: the fingerprint says what makes two sightings the same disagreement.
create or replace function private.open_conflict(
  p_kind registry.conflict_kind, p_observation registry.observations, p_other_member_id uuid, p_candidates uuid[]
)
returns uuid
language sql volatile
set search_path = ''
as $$
  insert into registry.conflicts as c
    (organization_id, kind, member_id, other_member_id, candidates, observation_id, fingerprint, detail)
  values (
    p_observation.organization_id, p_kind, p_observation.member_id, p_other_member_id, p_candidates, p_observation.id,
    private.conflict_fingerprint(p_kind, p_observation, p_other_member_id, p_candidates), p_observation.explanation)
  on conflict (organization_id, fingerprint) where state = 'open'
    do update set seen = c.seen + 1, last_seen_at = clock_timestamp()
  returning c.id
$$;
comment on function private.open_conflict is 'In: kind, observation, the other member, the candidates. Out: id of the open case; one that is open already is counted up.';
