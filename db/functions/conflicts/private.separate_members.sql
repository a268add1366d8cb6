-- Two records that were merged are two again. A number that went to the survivor comes back, the member system hears of what it was
-- not told while they were one, and the sessions end that the first one's logins began as the survivor.
create or replace function private.separate_members(c registry.conflicts, p_before jsonb)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_merged constant uuid := (p_before ->> 'merged')::uuid;
  v_survivor constant uuid := (p_before ->> 'survivor')::uuid;
  v_number constant jsonb := p_before -> 'number';
begin
  if p_before ? 'survivor_number' then
    perform private.restore_number(c, jsonb_build_object('member_id', v_survivor));
  end if;
  update registry.members
  set merged_into = null, personnummer_index = v_number ->> 'index', personnummer_sealed = v_number ->> 'sealed',
      personnummer_masked = v_number ->> 'masked', personnummer_source = (v_number ->> 'source')::registry.source,
      personnummer_at = (v_number ->> 'at')::timestamptz
  where id = v_merged;
  perform private.move_to_member(c.organization_id, v_survivor, v_merged, p_before -> 'moved');
  perform private.move_exclusions(c.organization_id, v_survivor, v_merged, coalesce(p_before -> 'exclusions', p_before -> 'moved'));
  perform private.end_login_sessions(l.organization_id, l.issuer, l.subject, v_survivor)
  from registry.identity_links as l where l.organization_id = c.organization_id and l.member_id = v_merged;
  perform private.reopen_superseded(p_before -> 'superseded');
  perform private.record_event('members_separated', 'coordinator', c.organization_id, 'The merged records were separated again.',
    p_member_id => v_merged, p_conflict_id => c.id, p_detail => jsonb_build_object('survivor', v_survivor),
    p_push_id => private.requeue_superseded(v_merged));
end
$$;
comment on function private.separate_members is 'In: a case, the state before its merge. Takes the merge back.';
