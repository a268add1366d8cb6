-- migrate:up
-- Written by `npm run db:freeze`. Edit db/functions/, never this file.
set local role registry_owner;

-- begin db/functions/private.supersede_cases.sql
-- What coordinators were asked has answered itself: nobody has to close these cases, and the audit says what settled each of them.
create or replace function private.supersede_cases(p_ids uuid[], p_source text, p_because text, p_push_id uuid default null)
returns uuid[]
language plpgsql volatile
set search_path = ''
as $$
declare
  c registry.conflicts;
  v_closed uuid[] := array[]::uuid[];
begin
  for c in
    update registry.conflicts as known
    set state = 'superseded', superseded_by = p_because, closed_at = clock_timestamp(), version = known.version + 1
    where known.id = any (p_ids) and known.state = 'open'
    returning known.*
  loop
    perform private.record_event('case_superseded', p_source, c.organization_id, p_because,
      p_member_id => coalesce(c.member_id, c.candidates[1]), p_observation_id => c.observation_id,
      p_conflict_id => c.id, p_push_id => coalesce(p_push_id, c.push_id),
      p_detail => jsonb_build_object('kind', c.kind, 'version', c.version));
    v_closed := v_closed || c.id;
  end loop;
  return v_closed;
end
$$;
comment on function private.supersede_cases is 'In: cases, who settled them (audit source), the reason as a sentence, the push that did. Out: those that were open and are closed now.';
-- end db/functions/private.supersede_cases.sql

-- begin db/functions/private.close_member_system_case.sql
-- The case about a member system is moot when it works again; no coordinator has to say so.
create or replace function private.close_member_system_case(p_organization_id uuid)
returns void
language sql volatile
set search_path = ''
as $$
  select private.supersede_cases(array(
    select c.id from registry.conflicts as c
    where c.organization_id = p_organization_id and c.kind = 'member_system' and c.state = 'open'
  ), 'worker', 'The member system works again.')
$$;
comment on function private.close_member_system_case is 'In: an organisation. Closes the open cases about its member system.';
-- end db/functions/private.close_member_system_case.sql

-- begin db/functions/private.forget_failures.sql
-- What failed before for this member no longer matters: a later push has arrived, or the record has moved on.
create or replace function private.forget_failures(p_push sync.pushes)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  update sync.pushes set next_attempt_at = null
  where organization_id = p_push.organization_id and member_id = p_push.member_id and id <> p_push.id
    and state = 'given_up' and next_attempt_at is not null;
  perform private.supersede_cases(array(
    select c.id from registry.conflicts as c
    join sync.pushes as failed on failed.id = c.push_id
    where c.organization_id = p_push.organization_id and c.member_id = p_push.member_id
      and c.kind = 'push_failed' and c.state = 'open' and failed.created_at <= p_push.created_at
  ), 'worker', 'A later push settled it.', p_push.id);
end
$$;
comment on function private.forget_failures is 'In: a push that arrived or is moot. Closes open cases about failed pushes of its member, and ends their tries.';
-- end db/functions/private.forget_failures.sql

-- begin db/functions/private.close_moot_cases.sql
-- Records got other numbers: what coordinators were asked about them may have answered itself. Left open, such a case would offer to
-- merge people who have nothing in common any more. If the disagreement is seen again, it is a new case.
create or replace function private.close_moot_cases(
  p_organization_id uuid, p_member_ids uuid[], p_source text, p_except uuid default null
)
returns void
language sql volatile
set search_path = ''
as $$
  select private.supersede_cases(array(
    select c.id from registry.conflicts as c
    where c.organization_id = p_organization_id and c.state = 'open' and c.kind in ('mismatch', 'duplicate')
      and (c.member_id = any (p_member_ids) or c.other_member_id = any (p_member_ids))
      and c.id is distinct from p_except and private.is_moot(c)
  ), p_source, 'The numbers of the records changed.')
$$;
comment on function private.close_moot_cases is 'In: members whose numbers have changed, who changed them (audit source), a case that is being settled. Closes the open cases about these numbers that are moot.';
-- end db/functions/private.close_moot_cases.sql

-- begin db/functions/private.close_cases_of_merged.sql
-- Other open cases about a record that is no more are moot.
create or replace function private.close_cases_of_merged(p_conflict registry.conflicts)
returns uuid[]
language sql volatile
set search_path = ''
as $$
  select private.supersede_cases(array(
    select c.id from registry.conflicts as c
    where c.organization_id = p_conflict.organization_id and c.id <> p_conflict.id and c.state = 'open'
      and (p_conflict.member_id in (c.member_id, c.other_member_id) or p_conflict.member_id = any (c.candidates))
  ), 'coordinator', 'The record was merged into another.')
$$;
comment on function private.close_cases_of_merged is 'In: a case whose member was merged into another. Out: ids of the other open cases that were closed by it.';
-- end db/functions/private.close_cases_of_merged.sql

-- begin db/functions/private.merge_members.sql
-- Two records are one person: the record of the case is merged into the other one. Logins, observations and sessions go to the
-- survivor, and so does a number that the survivor lacks; the merged record stays as a mark of where it went, and is never found
-- again.
create or replace function private.merge_members(c registry.conflicts)
returns jsonb
language plpgsql volatile
set search_path = ''
as $$
declare
  v_merged constant uuid := c.member_id;
  v_number constant jsonb := private.number_of(v_merged);
  v_before jsonb := jsonb_build_object('merged', v_merged, 'survivor', c.other_member_id, 'number', v_number);
begin
  v_before := v_before || private.move_to_member(c.organization_id, v_merged, c.other_member_id);
  update registry.members
  set merged_into = c.other_member_id, personnummer_index = null, personnummer_sealed = null, personnummer_masked = null,
      personnummer_source = null, personnummer_at = null
  where id = v_merged
  returning v_before || jsonb_build_object('version_after', version) into v_before;
  perform private.supersede_pushes(v_merged);
  v_before := v_before || jsonb_build_object('superseded', private.close_cases_of_merged(c));
  perform private.record_event('members_merged', 'coordinator', c.organization_id, 'A coordinator merged the record into the other one.',
    p_member_id => v_merged, p_conflict_id => c.id, p_detail => jsonb_build_object('survivor', c.other_member_id));
  if v_number ->> 'index' is not null
    and exists (select from registry.members as m where m.id = c.other_member_id and m.personnummer_index is null) then
    perform private.restore_number(c, v_number || jsonb_build_object('member_id', c.other_member_id),
      'number_accepted', 'The surviving record took over the personnummer %s of the merged one.');
    v_before := v_before || jsonb_build_object('survivor_number', private.number_of(c.other_member_id));
  end if;
  return v_before;
end
$$;
comment on function private.merge_members is 'In: a locked case with two members. Out: the state before. Merges the first into the second.';
-- end db/functions/private.merge_members.sql

-- begin db/functions/private.cancel_push.sql
-- Nobody is to send this any more, so a case about its failure is moot, and a file with it that nobody has fetched is taken back.
create or replace function private.cancel_push(p_push sync.pushes)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  perform private.settle_push(p_push, 'cancelled', 'push_cancelled',
    'The push was cancelled: consent was withdrawn, as an unverified message said.');
  perform private.supersede_cases(array(
    select c.id from registry.conflicts as c
    where c.organization_id = p_push.organization_id and c.push_id = p_push.id and c.kind = 'push_failed' and c.state = 'open'
  ), 'worker', 'The push was cancelled.');
  if p_push.file_id is not null then
    perform private.withdraw_file(p_push.file_id);
  end if;
end
$$;
comment on function private.cancel_push is 'In: a locked push whose consent was withdrawn (consent_withdrawn_at). Settles it as cancelled.';
-- end db/functions/private.cancel_push.sql

-- begin db/functions/private.close_drift_case.sql
-- The member system agrees with the record again.
create or replace function private.close_drift_case(p_member registry.members)
returns boolean
language sql volatile
set search_path = ''
as $$
  select private.supersede_cases(array(
    select c.id from registry.conflicts as c
    where c.organization_id = p_member.organization_id and c.member_id = p_member.id and c.kind = 'drift' and c.state = 'open'
  ), 'worker', 'The member system agrees again.') <> '{}'
$$;
comment on function private.close_drift_case is 'In: a member. Out: whether a case about a difference was open and is closed now.';
-- end db/functions/private.close_drift_case.sql

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
