-- Two records that were merged are two again. A number that went to the survivor comes back, the member system hears of what it was
-- not told while they were one, and the sessions end that the first one's logins began as the survivor.
create or replace function private.separate_members(c registry.conflicts, b registry.before_decision)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last sync.pushes;
  v_push_id uuid;
begin
  if (b.survivor_number).index is not null then
    perform private.change_number(c.organization_id, b.survivor, null, 'number_restored',
      'The record has the personnummer again that it had before the decision (none).', c.id);
  end if;
  perform private.write_numbers(array[b.member_id], array[b.number]);
  perform private.move_to_member(c.organization_id, b.survivor, b.member_id, b);
  perform private.move_exclusions(c.organization_id, b.survivor, b.member_id, b);
  perform private.end_login_sessions(l.organization_id, l.issuer, l.subject, b.survivor)
  from registry.identity_links as l where l.organization_id = c.organization_id and l.member_id = b.member_id;
  perform private.reopen_superseded(b.superseded);
  -- A push that was dropped because its record was merged is due again.
  select p.* into v_last from sync.pushes as p
  where p.organization_id = c.organization_id and p.member_id = b.member_id
  order by p.created_at desc, p.id limit 1;
  if v_last.state = 'superseded' then
    v_push_id := private.queue_push(b.member_id, v_last.observation_id, v_last.decided);
  end if;
  perform private.record_event('members_separated', 'coordinator', c.organization_id, 'The merged records were separated again.',
    p_member_id => b.member_id, p_conflict_id => c.id, p_detail => jsonb_build_object('survivor', b.survivor), p_push_id => v_push_id);
end
$$;
comment on function private.separate_members is 'In: a case, the state before its merge. Takes the merge back.';
