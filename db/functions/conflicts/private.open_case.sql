-- The one place where a case is written. A disagreement becomes a case once: one that is open already is counted up, and so is one that a
-- coordinator has settled, because the decision is remembered. Of several settled ones (a decision was taken back and made again while the
-- disagreement was a case of its own) the one under the current key stands for all, then the last. A coordinator may be settling it at this
-- moment: the update waits, and sees how. What was settled so that there is no disagreement any more (the login linked, the records merged)
-- is no new case: whoever asks is decided again.
create or replace function private.open_case(p_case registry.conflicts)
returns registry.conflicts
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- The number under every key version that is known, the current one first.
  v_indexes constant text[] := array_remove(p_case.personnummer_index || p_case.personnummer_index_previous, null);
  -- Of numbers that no login brought it is kept when they were seen last: logins have rows of their own.
  v_number_seen_at constant timestamptz := case when p_case.observation_id is null and v_indexes <> '{}' then clock_timestamp() end;
  v_known_id constant uuid := (
    select known.id from private.same_disagreement(p_case) as known
    order by known.state = 'resolved' desc, (known.personnummer_index = v_indexes[1]) is true desc, known.closed_at desc limit 1);
  c registry.conflicts;
begin
  update registry.conflicts as known
  set seen = known.seen + 1, last_seen_at = clock_timestamp(), number_seen_at = coalesce(v_number_seen_at, known.number_seen_at),
      -- Who else has the number may have changed, and is what the coordinator sees.
      other_member_id = case when known.closed_at is null then p_case.other_member_id else known.other_member_id end,
      version = known.version + (known.closed_at is null and (
        known.other_member_id is distinct from p_case.other_member_id
        or known.kind <> 'mismatch' and v_indexes <> '{}' and not v_indexes && (known.personnummer_index || known.personnummer_index_previous)
      ))::integer,
      -- The newest version of the key; whoever knows only an older one than the case does changes nothing. A login that is in question may
      -- bring another number than before: where the case is not about the number itself, the last one counts.
      (personnummer_index, personnummer_index_previous) = (
        select number.current, number.previous from (values
          (1, v_indexes[1], v_indexes[2:], known.personnummer_index = any (v_indexes)
            or known.kind <> 'mismatch' and known.closed_at is null and v_indexes <> '{}' and not v_indexes && known.personnummer_index_previous),
          (2, known.personnummer_index, known.personnummer_index_previous, true)) as number(nth, current, previous, holds)
        where number.holds order by number.nth limit 1)
  where known.id = v_known_id and (known.closed_at is null or known.state = 'resolved' and known.decision in ('keep_existing', 'not_same_person'))
  returning known.* into c;
  if found then
    return c;
  elsif v_known_id is not null and p_case.kind not in ('inconsistent', 'push_failed', 'consent_revoked', 'member_system', 'receiver_key',
    'erasure', 'grant_snapshot') then
    raise exception 'The case was settled meanwhile.' using errcode = 'serialization_failure';
  end if;
  insert into registry.conflicts as known
    (id, organization_id, kind, member_id, other_member_id, candidates, observation_id, push_id, fingerprint,
     personnummer_index, personnummer_index_previous, number_seen_at, detail)
  values (
    coalesce(p_case.id, gen_random_uuid()), p_case.organization_id, p_case.kind, p_case.member_id, p_case.other_member_id,
    coalesce(p_case.candidates, '{}'), p_case.observation_id, p_case.push_id, p_case.fingerprint,
    v_indexes[1], v_indexes[2:], v_number_seen_at, coalesce(p_case.detail, '{}'))
  on conflict (organization_id, fingerprint) where closed_at is null
    do update set seen = known.seen + 1, last_seen_at = clock_timestamp()
  returning known.* into c;
  return c;
end
$$;
comment on function private.open_case is 'In: a case to be opened: organisation, kind, fingerprint, detail, and what its kind asks for. Out: the case: new (seen once), open already, or settled before.';
