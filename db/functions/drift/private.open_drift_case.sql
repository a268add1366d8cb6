-- Somebody changed a number in the member system itself. The case names the push that arrived last, if any did. It is recognised by any
-- version of the index that both sides know, so that a rotation of the key brings back nothing that was settled.
create or replace function private.open_drift_case(
  p_member registry.members, p_found text, p_live_indexes text[], p_live_masked text, p_as_sent boolean
)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_new_id constant uuid := gen_random_uuid();
  v_indexes constant text[] := array( -- the newest version of the key first
    select t.index from unnest(p_live_indexes) as t(index) order by substring(t.index from '^v([0-9]+)')::integer desc);
  -- Where there is no number over there, the fingerprint alone says what was found; else the number does.
  v_fingerprint constant text := concat_ws(' ', 'drift', p_member.id, p_found, case when v_indexes <> '{}' then v_new_id end);
  v_push_id constant uuid := (
    select p.id from sync.pushes as p
    where p.organization_id = p_member.organization_id and p.member_id = p_member.id and p.state = 'delivered'
    order by p.created_at desc limit 1);
  v_id uuid;
begin
  update registry.conflicts as c
  set seen = c.seen + 1, last_seen_at = clock_timestamp(), number_seen_at = case when v_indexes <> '{}' then clock_timestamp() end,
      personnummer_index = case when c.personnummer_index = any (v_indexes) then v_indexes[1] else c.personnummer_index end,
      personnummer_index_previous = case when c.personnummer_index = any (v_indexes) then v_indexes[2:] else c.personnummer_index_previous end
  where c.organization_id = p_member.organization_id and c.member_id = p_member.id and c.kind = 'drift'
    and (c.state = 'open' or (c.state = 'resolved' and c.decision = 'keep_existing'))
    and (c.fingerprint = v_fingerprint or (c.personnummer_index || c.personnummer_index_previous) && v_indexes);
  if found then
    return false;
  end if;
  insert into registry.conflicts (id, organization_id, kind, member_id, push_id, fingerprint,
    personnummer_index, personnummer_index_previous, number_seen_at, detail)
  values (v_new_id, p_member.organization_id, 'drift', p_member.id, v_push_id, v_fingerprint,
    v_indexes[1], v_indexes[2:], case when v_indexes <> '{}' then clock_timestamp() end,
    jsonb_strip_nulls(jsonb_build_object('found', p_found, 'live_masked', p_live_masked, 'as_sent', p_as_sent)))
  returning id into v_id;
  perform private.record_event('drift_found', 'worker', p_member.organization_id,
    format('The member system has another number than the record (%s).', p_found),
    p_member_id => p_member.id, p_conflict_id => v_id, p_push_id => v_push_id);
  return true;
end
$$;
comment on function private.open_drift_case is 'In: a member, what was found, indexes (one for each version of the key) and masked form of the number over there, whether it is what was sent last. Out: whether a case was opened.';
