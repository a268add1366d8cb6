-- migrate:up
-- Written by `npm run db:freeze`. Edit db/functions/, never this file.
set local role registry_owner;

-- begin db/functions/private.lock_case.sql
-- Everything a decision about a case may touch, locked in the common order (login, number, members, case), so that a member who
-- logs in at the same moment cannot come between. Undoing a merge asks again about other people too (private.reopen_superseded), whose
-- numbers must hold still meanwhile. A case the caller may not see is as good as none.
create or replace function private.lock_case(p_conflict_id uuid)
returns registry.conflicts
language plpgsql volatile
set search_path = ''
as $$
declare
  c registry.conflicts;
begin
  select known.* into c from registry.conflicts as known
  where known.id = p_conflict_id and known.organization_id = any (private.coordinator_organizations());
  if c.id is not null then
    perform private.lock_login(c.observation_id);
    perform private.lock_number(o.organization_id, o.personnummer_masked)
    from private.evidence_of_case(c) as o where o.personnummer_masked is not null;
    perform from registry.members as m
    where m.id = any (c.candidates || array[c.member_id, c.other_member_id] || array(
      select unnest(asked.candidates || array[asked.member_id, asked.other_member_id]) from registry.resolutions as r
      cross join jsonb_array_elements_text(r.before -> 'superseded') as closed(id)
      join registry.conflicts as asked on asked.id = closed.id::uuid
      where r.conflict_id = c.id and r.undone_at is null))
    order by m.id for no key update;
    select known.* into c from registry.conflicts as known where known.id = p_conflict_id for update;
  end if;
  return c;
end
$$;
comment on function private.lock_case is 'In: id of a case. Out: the case as it is once everything it concerns is locked; null when the caller may not see it.';
-- end db/functions/private.lock_case.sql

-- begin db/functions/private.move_exclusions.sql
-- What coordinators found out goes with a merge: a login that is not the one person is not the other, unless it is known to be. The merge
-- is the newer decision: a login that comes with the merged record is the survivor's, whatever was found before, until the merge is undone.
create or replace function private.move_exclusions(p_organization_id uuid, p_from uuid, p_to uuid, p_only jsonb default null)
returns jsonb
language sql volatile
set search_path = ''
as $$
  with moved as (
    update registry.excluded_links as x set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from
      and (p_only is null or p_only -> 'excluded' ? (issuer || ' ' || subject))
      and not exists (
        select from registry.excluded_links as known
        where (known.organization_id, known.issuer, known.subject, known.member_id) = (x.organization_id, x.issuer, x.subject, p_to))
      and not exists (
        select from registry.identity_links as l
        where (l.organization_id, l.issuer, l.subject, l.member_id) = (x.organization_id, x.issuer, x.subject, p_to))
    returning issuer || ' ' || subject as id
  ), set_aside as (
    delete from registry.excluded_links as x using registry.identity_links as l
    where p_only is null and x.organization_id = p_organization_id and x.member_id = p_to
      and (l.organization_id, l.issuer, l.subject, l.member_id) = (x.organization_id, x.issuer, x.subject, p_from)
    returning x.issuer, x.subject
  ), put_back as (
    insert into registry.excluded_links (organization_id, issuer, subject, member_id)
    select p_organization_id, s.issuer, s.subject, p_from
    from jsonb_to_recordset(p_only -> 'set_aside') as s(issuer text, subject text)
    where not exists ( -- a coordinator gave the login to the survivor since
      select from registry.identity_links as l
      where (l.organization_id, l.issuer, l.subject, l.member_id) = (p_organization_id, s.issuer, s.subject, p_from))
    on conflict do nothing
  )
  select jsonb_build_object(
    'excluded', coalesce((select jsonb_agg(id) from moved), '[]'),
    'set_aside', coalesce((select jsonb_agg(to_jsonb(s)) from set_aside as s), '[]'))
$$;
comment on function private.move_exclusions is 'In: organisation, member from, member to, what an earlier call answered (undo) or null. Out: logins whose exclusion moved, or was set aside. In an undo called after the links went back, otherwise before they move.';
-- end db/functions/private.move_exclusions.sql

-- begin db/functions/private.move_to_member.sql
-- Moves logins, observations, sessions and consents from one member record to another; given the ids, moves just those (undo does).
create or replace function private.move_to_member(p_organization_id uuid, p_from uuid, p_to uuid, p_only jsonb default null)
returns jsonb
language sql volatile
set search_path = ''
as $$
  with links as (
    update registry.identity_links set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_only is null or p_only -> 'links' ? id::text)
    returning id
  ), observations as (
    update registry.observations set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_only is null or p_only -> 'observations' ? id::text)
    returning id
  ), sessions as (
    update registry.sessions set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_only is null or p_only -> 'sessions' ? id::text)
    returning id
  ), consents as (
    update registry.consents as k set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_only is null or p_only -> 'consents' ? id::text)
      and not exists (select from registry.consents as other
                      where other.member_id = p_to and other.provider = k.provider and other.state = 'given' and k.state = 'given')
    returning id
  )
  select jsonb_build_object('moved', jsonb_build_object(
    'links', coalesce((select jsonb_agg(id) from links), '[]'),
    'observations', coalesce((select jsonb_agg(id) from observations), '[]'),
    'sessions', coalesce((select jsonb_agg(id) from sessions), '[]'),
    'consents', coalesce((select jsonb_agg(id) from consents), '[]')))
$$;
comment on function private.move_to_member is 'In: organisation, member from, member to, ids to move (null: all). Out: ids of what was moved.';
-- end db/functions/private.move_to_member.sql

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
  v_before := v_before || jsonb_build_object('exclusions', private.move_exclusions(c.organization_id, v_merged, c.other_member_id));
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

-- begin db/functions/private.reopen_superseded.sql
-- Cases that were moot while two records were one are questions again, but for those that somebody has asked anew since, that are about a
-- record which was merged since, or that the numbers have answered.
create or replace function private.reopen_superseded(p_ids jsonb)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  v_case registry.conflicts;
begin
  for v_case in
    update registry.conflicts as c
    set state = 'open', superseded_by = null, closed_at = null, version = version + 1
    where c.state = 'superseded' and c.id in (select id::uuid from jsonb_array_elements_text(p_ids) as id)
      and private.is_moot(c) is not true
      and not exists (
        select from registry.members as m
        where m.id = any (c.candidates || array[c.member_id, c.other_member_id]) and m.merged_into is not null)
      and not exists (
        select from registry.conflicts as twin
        where twin.organization_id = c.organization_id and twin.fingerprint = c.fingerprint and twin.state = 'open')
      -- A mismatch is the same one whoever else has the number: it may be open, or settled for good, under another fingerprint.
      and (c.kind <> 'mismatch' or private.known_case(c.organization_id, c.fingerprint, c.member_id) is null)
    returning c.*
  loop
    perform private.record_case_event('case_reopened', v_case, 'The records were separated again; the case is open again.');
  end loop;
end
$$;
comment on function private.reopen_superseded is 'In: ids of cases that a merge closed. Opens those that are a question still, and not open by another case already.';
-- end db/functions/private.reopen_superseded.sql

-- begin db/functions/private.separate_members.sql
-- Two records that were merged are two again. A number that went to the survivor comes back, the member system hears of what it was
-- not told while they were one, and the sessions end that the first one's logins began as the survivor.
create or replace function private.separate_members(c registry.conflicts, p_before jsonb)
returns void
language plpgsql volatile
set search_path = ''
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
-- end db/functions/private.separate_members.sql

-- begin db/functions/private.undo_resolution.sql
-- Taking a decision back: the record as it was, a compensating push, the case open again. What somebody else opens or takes while
-- this runs is met by a unique index; it is something newer too, and PostgreSQL's own words would show values (R9).
create or replace function private.undo_resolution(p_conflict_id uuid, p_note text)
returns jsonb
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  c registry.conflicts := private.lock_case(p_conflict_id);
  r registry.resolutions;
  v_refusal text;
begin
  select known.* into r from registry.resolutions as known where known.conflict_id = c.id and known.undone_at is null;
  v_refusal := coalesce(private.why_not_undo(c, r), private.why_not_note(p_note));
  if v_refusal is not null then
    return private.refuse('undo_resolution', v_refusal, p_conflict_id);
  end if;
  begin
    perform private.restore_before(c, r.before);
    update registry.resolutions set undone_at = clock_timestamp(), undone_by = private.actor(), undo_note = p_note where id = r.id;
    update registry.conflicts
    set state = 'open', decision = null, decided_by = null, closed_at = null, version = version + 1
    where id = c.id
    returning * into c;
  exception when unique_violation then
    return private.refuse('undo_resolution', 'newer_change', p_conflict_id);
  end;
  perform private.record_case_event('case_reopened', c, 'A coordinator took the decision back; the case is open again.');
  -- The records may have got other numbers since: then the link is what comes back, and there is nothing to ask.
  perform private.close_moot_cases(c.organization_id, array[c.member_id], 'coordinator');
  select known.* into c from registry.conflicts as known where known.id = c.id;
  return private.describe_case(c);
end
$$;
comment on function private.undo_resolution is 'See api.undo_resolution.';
grant execute on function private.undo_resolution to authenticated;
-- end db/functions/private.undo_resolution.sql

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
