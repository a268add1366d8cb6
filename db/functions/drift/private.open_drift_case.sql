-- Somebody changed a number in the member system itself. The case names the push that arrived last, if any did. It is known by the
-- oldest version of the index still in use (as private.conflict_fingerprint has it), and recognised by any of them, so that a
-- rotation of the key brings back nothing that was settled.
create or replace function private.open_drift_case(
  p_member registry.members, p_found text, p_live_indexes text[], p_live_masked text, p_as_sent boolean
)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_fingerprints constant text[] := array(
    select concat_ws(' ', 'drift', p_member.id, p_found, t.index)
    from unnest(coalesce(nullif(p_live_indexes, '{}'), array[null])) as t(index)
    order by substring(t.index from '^v([0-9]+)')::integer);
  v_push_id constant uuid := (
    select p.id from sync.pushes as p
    where p.organization_id = p_member.organization_id and p.member_id = p_member.id and p.state = 'delivered'
    order by p.created_at desc limit 1);
  v_id uuid;
begin
  update registry.conflicts as known set seen = known.seen + 1, last_seen_at = clock_timestamp()
  where known.organization_id = p_member.organization_id and known.fingerprint = any (v_fingerprints)
    and (known.state = 'open' or (known.state = 'resolved' and known.decision = 'keep_existing'));
  if found then
    return false;
  end if;
  insert into registry.conflicts (organization_id, kind, member_id, push_id, fingerprint, detail)
  values (p_member.organization_id, 'drift', p_member.id, v_push_id, v_fingerprints[1],
    jsonb_strip_nulls(jsonb_build_object('found', p_found, 'live_masked', p_live_masked, 'as_sent', p_as_sent)))
  returning id into v_id;
  perform private.record_event('drift_found', 'worker', p_member.organization_id,
    format('The member system has another number than the record (%s).', p_found),
    p_member_id => p_member.id, p_conflict_id => v_id, p_push_id => v_push_id);
  return true;
end
$$;
comment on function private.open_drift_case is 'In: a member, what was found, indexes (one for each version of the key) and masked form of the number over there, whether it is what was sent last. Out: whether a case was opened.';
