-- A disagreement becomes a case, once: private.known_case says what makes two sightings the same disagreement. One that is open
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
  v_new_id constant uuid := gen_random_uuid();
  v_fingerprint constant text :=
    private.conflict_fingerprint(v_new_id, p_kind, p_observation, p_member_id, p_other_member_id, p_candidates);
  -- The number under every key version that is known, the current one first.
  v_indexes constant text[] := array_remove(p_observation.personnummer_index || p_observation.personnummer_index_previous, null);
  v_known constant uuid := private.known_case(p_observation.organization_id, v_fingerprint, p_member_id,
    case p_kind when 'mismatch' then v_indexes else '{}' end);
  v_id uuid;
begin
  update registry.conflicts as c
  set seen = c.seen + 1, last_seen_at = clock_timestamp(),
      number_seen_at = case when p_observation.id is null then clock_timestamp() else c.number_seen_at end,
      -- Who else has the number may have changed, and is what the coordinator sees.
      other_member_id = case c.state when 'open' then p_other_member_id else c.other_member_id end,
      version = c.version + (c.state = 'open' and c.other_member_id is distinct from p_other_member_id)::integer,
      -- The newest version of the key; whoever knows only an older one than the case does changes nothing. A login that is in question may
      -- bring another number than before: where the case is not about the number itself, the last one counts.
      (personnummer_index, personnummer_index_previous) = (
        select number.current, number.previous from (values
          (1, v_indexes[1], v_indexes[2:], c.personnummer_index = any (v_indexes)
            or c.kind <> 'mismatch' and c.state = 'open' and v_indexes <> '{}' and not v_indexes && c.personnummer_index_previous),
          (2, c.personnummer_index, c.personnummer_index_previous, true)) as number(nth, current, previous, holds)
        where number.holds order by number.nth limit 1)
  where c.id = v_known and (c.state = 'open' or c.state = 'resolved' and c.decision in ('keep_existing', 'not_same_person'))
  returning c.id into v_id;
  if v_id is null and v_known is not null and p_kind <> 'inconsistent' then
    raise exception 'The case was settled meanwhile.' using errcode = 'serialization_failure';
  elsif v_id is null then
    insert into registry.conflicts as c
      (id, organization_id, kind, member_id, other_member_id, candidates, observation_id, fingerprint,
       personnummer_index, personnummer_index_previous, number_seen_at, detail)
    values (
      v_new_id, p_observation.organization_id, p_kind, p_member_id, p_other_member_id, p_candidates, p_observation.id, v_fingerprint,
      v_indexes[1], v_indexes[2:], case when p_observation.id is null and v_indexes <> '{}' then clock_timestamp() end,
      p_observation.explanation || case when p_kind = 'mismatch' then private.classify_mismatch(p_observation) else '{}' end)
    on conflict (organization_id, fingerprint) where state = 'open'
      do update set seen = c.seen + 1, last_seen_at = clock_timestamp()
    returning c.id into v_id;
  end if;
  return v_id;
end
$$;
comment on function private.open_conflict is 'In: kind, observation, member, the other member, the candidates. Out: id of the case: new, open already, or settled before.';
