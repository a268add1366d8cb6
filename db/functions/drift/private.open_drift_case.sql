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
  v_indexes constant text[] := array( -- the newest version of the key first
    select t.index from unnest(p_live_indexes) as t(index) order by substring(t.index from '^v([0-9]+)')::integer desc);
  c registry.conflicts;
begin
  c.id := gen_random_uuid();
  c.organization_id := p_member.organization_id;
  c.kind := 'drift';
  c.member_id := p_member.id;
  select p.id into c.push_id from sync.pushes as p
  where p.organization_id = p_member.organization_id and p.member_id = p_member.id and p.state = 'delivered'
  order by p.created_at desc limit 1;
  -- Where there is no number over there, the fingerprint alone says what was found; else the number does.
  c.fingerprint := concat_ws(' ', 'drift', p_member.id, p_found, case when v_indexes <> '{}' then c.id end);
  c.personnummer_index := v_indexes[1];
  c.personnummer_index_previous := v_indexes[2:];
  c.detail := jsonb_strip_nulls(jsonb_build_object('found', p_found, 'live_masked', p_live_masked, 'as_sent', p_as_sent));
  c := private.open_case(c);
  if c.seen > 1 then
    return false;
  end if;
  perform private.record_event('drift_found', 'worker', p_member.organization_id,
    format('The member system has another number than the record (%s).', p_found),
    p_member_id => p_member.id, p_conflict_id => c.id, p_push_id => c.push_id);
  return true;
end
$$;
comment on function private.open_drift_case is 'In: a member, what was found, indexes (one for each version of the key) and masked form of the number over there, whether it is what was sent last. Out: whether a case was opened.';
