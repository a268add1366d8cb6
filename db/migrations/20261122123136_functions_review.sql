-- migrate:up
-- Written by `npm run db:freeze`. Edit db/functions/, never this file.
set local role registry_owner;

-- begin db/functions/private.refusals.sql
-- Every refusal a coordinator can meet. An id of another organisation and one that does not exist are answered the same.
create or replace function private.refusals()
returns table (code text, status integer, message text)
language sql immutable
set search_path = ''
as $$
  values
    ('not_found', 404, 'There is no such row for you.'),
    ('stale_version', 409, 'The case has changed since you looked at it. Read it again and decide on what it says now.'),
    ('not_open', 409, 'The case is settled already.'),
    ('unknown_decision', 422, 'The decision is one of accept_observed, keep_existing, not_same_person, merge_into.'),
    ('decision_not_applicable', 422, 'That decision cannot be made of a case of this kind.'),
    ('number_taken', 409, 'Another member has this number. Settle which of the two records is the person''s first.'),
    ('evidence_changed', 409, 'The numbers of the records have changed since, and leave nothing of this to decide.'),
    ('capture_off', 409, 'The organisation has recorded no legal basis for storing numbers.'),
    ('note_unusable', 422, 'A note has 4000 characters at most, and never a personnummer (nor anything else of eleven digits).'),
    ('already_linked', 409, 'The login is linked to a member already.'),
    ('member_merged', 409, 'The member was merged into another record. Use the surviving one.'),
    ('not_failed', 409, 'The push has not failed, or a later one has taken its place.'),
    ('name_one_thing', 422, 'Name one push, or up to a thousand, or one error code, or one case.'),
    ('not_waiting', 409, 'The change does not wait on the worklist any more.'),
    ('not_sealed_yet', 409, 'The number is not ready to be fetched. Try again in a minute; if it stays so, the operator must look at it.'),
    ('not_ready', 409, 'The file cannot be fetched or acknowledged: it is being written, or it is settled already.'),
    ('not_resolved', 409, 'The case has no decision that could be undone.'),
    ('too_late', 409, 'A decision can be undone for 30 days.'),
    ('newer_change', 409, 'Something newer depends on this decision. Undo or settle that first.')
$$;
comment on function private.refusals is 'Out: code, HTTP status and message of every refusal.';
-- end db/functions/private.refusals.sql

-- begin db/functions/private.is_withdrawn.sql
-- A login that is decided late, or linked later by a coordinator, may be older than the message that its consent was withdrawn. The link may
-- not have been there when the message came, so the messages themselves are asked.
create or replace function private.is_withdrawn(p_observation registry.observations)
returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return exists (
    select from registry.revocations as r
    where r.organization_id = p_observation.organization_id and r.provider = p_observation.provider and r.subject = p_observation.subject
      and r.event = 'CONSENT_REVOKED' and not r.late and r.issued_at >= p_observation.authenticated_at);
end
$$;
comment on function private.is_withdrawn is 'In: an observation. Out: whether consent was withdrawn after that login, as an unverified message said.';
-- end db/functions/private.is_withdrawn.sql

-- begin db/functions/private.fills_gap.sql
-- Whether an observed number may go into a record: without replacing anything, without taking it from anybody, and not before the
-- member's consent where the provider's row asks for one, nor without the organisation's legal basis. A coordinator knows whose login
-- it is; that is no answer of the member's.
create or replace function private.fills_gap(p_observation registry.observations, p_member_id uuid)
returns boolean
language plpgsql stable
set search_path = ''
as $$
declare
  o registry.observations := p_observation;
begin
  o.member_id := p_member_id;
  return o.personnummer_index is not null and not private.needs_consent(o) and not private.is_withdrawn(o)
    and (select g.capture from registry.organizations as g where g.id = o.organization_id)
    and exists (select from registry.members as m where m.id = p_member_id and m.personnummer_index is null)
    and not exists (
      select from registry.members as m
      where m.organization_id = o.organization_id and m.personnummer_index = any (o.personnummer_index || o.personnummer_index_previous));
end
$$;
comment on function private.fills_gap is 'In: an observation, a member. Out: whether the member has no number, nobody has the observed one, and neither consent (also: not withdrawn since) nor legal basis is missing.';
-- end db/functions/private.fills_gap.sql

-- begin db/functions/private.lock_login.sql
-- Several cases may be about one login, and a login that is linked to nobody about none; a login without a number has none that could be
-- locked. So coordinators who decide whose login it is meet here first, before anything else is locked.
create or replace function private.lock_login(p_observation_id uuid)
returns void
language sql volatile
set search_path = ''
as $$
  select pg_catalog.pg_advisory_xact_lock(
    pg_catalog.hashtextextended('login ' || o.organization_id || ' ' || o.issuer || ' ' || o.subject, 0))
  from registry.observations as o where o.id = p_observation_id
$$;
comment on function private.lock_login is 'In: an observation. Waits until no other coordinator is deciding whose login it is.';
-- end db/functions/private.lock_login.sql

-- begin db/functions/private.note_is_fit.sql
-- A note is kept as it is written. A personnummer in it would be the only one in clear in the whole database.
create or replace function private.note_is_fit(p_note text)
returns boolean
language sql immutable
set search_path = ''
as $$
  select p_note is null or (length(p_note) <= 4000 and p_note !~ '[0-9]{6}[ -]?[0-9]{5}')
$$;
comment on function private.note_is_fit is 'In: a coordinator''s note. Out: whether it is short enough and holds nothing like a personnummer.';
-- end db/functions/private.note_is_fit.sql

-- begin db/functions/private.known_case.sql
-- The case that a disagreement is known by: settled for good, or open. There may be several of the first kind, where a decision was taken
-- back and made again while the disagreement was a case of its own; the last one stands for all. A member's mismatch is the same one
-- whoever else has the number by now.
create or replace function private.known_case(p_organization_id uuid, p_fingerprint text, p_mismatch_of uuid)
returns uuid
language sql stable
set search_path = ''
as $$
  select known.id from (
    select c.id, 1 as rank, c.closed_at from registry.conflicts as c
    where c.organization_id = p_organization_id and c.fingerprint = p_fingerprint
      and c.state = 'resolved' and c.decision in ('keep_existing', 'not_same_person')
    union all
    select c.id, 2, null from registry.conflicts as c
    where c.organization_id = p_organization_id and c.fingerprint = p_fingerprint and c.state = 'open'
    union all
    select c.id, 3, c.closed_at from registry.conflicts as c
    where c.organization_id = p_organization_id and c.member_id = p_mismatch_of and c.kind = 'mismatch'
      and (c.state = 'open' or c.state = 'resolved' and c.decision in ('keep_existing', 'not_same_person'))
      and regexp_replace(c.fingerprint, '^.* ', '') = regexp_replace(p_fingerprint, '^.* ', '')
  ) as known
  order by known.rank, known.closed_at desc limit 1
$$;
comment on function private.known_case is 'In: organisation, fingerprint, for a mismatch its member. Out: the case of that disagreement, settled and remembered, or else open; null: none.';
-- end db/functions/private.known_case.sql

-- begin db/functions/private.open_conflict.sql
-- A disagreement becomes a case, once: the fingerprint says what makes two sightings the same disagreement. One that is open
-- is counted up, and so is one that a coordinator has settled: a decision is remembered, the same disagreement does not come
-- back. A coordinator may be settling it at this moment: the update waits, and sees how. What was settled so that there is no
-- disagreement any more (the login linked, the records merged) is no new case: whoever asks is decided again.
create or replace function private.open_conflict(
  p_kind registry.conflict_kind, p_observation registry.observations,
  p_member_id uuid default null, p_other_member_id uuid default null, p_candidates uuid[] default '{}'
)
returns uuid
language plpgsql volatile
set search_path = ''
as $$
declare
  v_fingerprint constant text := private.conflict_fingerprint(p_kind, p_observation, p_member_id, p_other_member_id, p_candidates);
  v_known uuid;
  v_id uuid;
begin
  v_known := private.known_case(p_observation.organization_id, v_fingerprint, case when p_kind = 'mismatch' then p_member_id end);
  update registry.conflicts as c
  set seen = c.seen + 1, last_seen_at = clock_timestamp(),
      -- Who else has the number may have changed, and is what the coordinator sees.
      other_member_id = case c.state when 'open' then p_other_member_id else c.other_member_id end,
      fingerprint = case c.state when 'open' then v_fingerprint else c.fingerprint end,
      version = c.version + (c.state = 'open' and c.other_member_id is distinct from p_other_member_id)::integer
  where c.id = v_known and (c.state = 'open' or c.state = 'resolved' and c.decision in ('keep_existing', 'not_same_person'))
  returning c.id into v_id;
  if v_id is null and v_known is not null and p_kind <> 'inconsistent' then
    raise exception 'The case was settled meanwhile.' using errcode = 'serialization_failure';
  elsif v_id is null then
    insert into registry.conflicts as c
      (organization_id, kind, member_id, other_member_id, candidates, observation_id, fingerprint, detail)
    values (
      p_observation.organization_id, p_kind, p_member_id, p_other_member_id, p_candidates, p_observation.id, v_fingerprint,
      p_observation.explanation || case when p_kind = 'mismatch' then private.classify_mismatch(p_observation) else '{}' end)
    on conflict (organization_id, fingerprint) where state = 'open'
      do update set seen = c.seen + 1, last_seen_at = clock_timestamp()
    returning c.id into v_id;
  end if;
  return v_id;
end
$$;
comment on function private.open_conflict is 'In: kind, observation, member, the other member, the candidates. Out: id of the case: new, open already, or settled before.';
-- end db/functions/private.open_conflict.sql

-- begin db/functions/private.link_login.sql
-- Whose login was it? The coordinator knows; open cases about that login are settled by it.
create or replace function private.link_login(p_observation_id uuid, p_member_id uuid, p_note text)
returns jsonb
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  o registry.observations;
  m registry.members;
  c registry.conflicts;
  v_refusal text;
  v_before jsonb;
  v_conflict_id uuid; -- the case that undo takes
begin
  select known.* into o from registry.observations as known
  where known.id = p_observation_id and known.organization_id = any (private.coordinator_organizations());
  perform private.lock_login(o.id);
  perform private.lock_number(o.organization_id, o.personnummer_masked) where o.personnummer_masked is not null;
  select known.* into m from registry.members as known
  where known.id = p_member_id and known.organization_id = o.organization_id for no key update;
  v_refusal := case
    when o.id is null or m.id is null then 'not_found'
    when private.linked_member(o) is not null then 'already_linked'
    when m.merged_into is not null then 'member_merged'
    when not private.note_is_fit(p_note) then 'note_unusable'
  end;
  if v_refusal is not null then
    return private.refuse('link_login', v_refusal, p_observation_id);
  end if;
  v_before := private.set_link(o, m.id) || private.fill_gap(o, m.id);
  -- Also a login that nobody was told of becomes a case, so that the decision can be looked up, and undone.
  perform private.open_conflict('ambiguous', o, p_candidates => array[m.id]) where o.outcome = 'unlinked';
  for c in
    select known.* from registry.conflicts as known join registry.observations as seen on seen.id = known.observation_id
    where known.organization_id = o.organization_id and known.state = 'open' and known.kind in ('ambiguous', 'name_mismatch')
      and (seen.issuer, seen.subject) = (o.issuer, o.subject)
    order by known.id for update of known
  loop
    perform private.close_case(c, 'link_login', p_note, v_before);
    v_conflict_id := coalesce(v_conflict_id, c.id);
    v_before := '{}'; -- kept, and undone, with the first of them
  end loop;
  return jsonb_build_object('observation_id', o.id, 'member_id', m.id, 'linked', true, 'conflict_id', v_conflict_id);
end
$$;
comment on function private.link_login is 'See api.link_login.';
grant execute on function private.link_login to authenticated;
-- end db/functions/private.link_login.sql

-- begin db/functions/private.lock_case.sql
-- Everything a decision about a case may touch, locked in the common order (login, number, members, case), so that a member who
-- logs in at the same moment cannot come between. A case the caller may not see is as good as none.
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
    where m.id = any (c.candidates || array[c.member_id, c.other_member_id]) order by m.id for no key update;
    select known.* into c from registry.conflicts as known where known.id = p_conflict_id for update;
  end if;
  return c;
end
$$;
comment on function private.lock_case is 'In: id of a case. Out: the case as it is once everything it concerns is locked; null when the caller may not see it.';
-- end db/functions/private.lock_case.sql

-- begin db/functions/private.resolve_conflict.sql
-- Settling a case, in order: lock, look whether it may be done, do it, write it down. One transaction: record, case, push
-- and audit change together.
create or replace function private.resolve_conflict(p_conflict_id uuid, p_decision text, p_note text, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  c registry.conflicts := private.lock_case(p_conflict_id);
  v_refusal constant text := coalesce(
    private.why_not_resolve(c, p_decision, p_expected_version), case when not private.note_is_fit(p_note) then 'note_unusable' end);
  v_before jsonb := '{}'::jsonb;
begin
  if v_refusal is not null then
    return private.refuse('resolve_conflict', v_refusal, p_conflict_id);
  end if;
  begin
    case p_decision
      when 'accept_observed' then v_before := private.accept_observed(c);
      when 'not_same_person' then v_before := private.part_login(c);
      when 'merge_into' then v_before := private.merge_members(c);
      else null; -- keep_existing changes nothing, and is remembered by the case itself
    end case;
  exception when unique_violation then -- an import that moves thousands of numbers gave this one to somebody at this moment
    return private.refuse('resolve_conflict', 'number_taken', p_conflict_id);
  end;
  return private.close_case(c, p_decision::registry.decision, p_note, v_before);
end
$$;
comment on function private.resolve_conflict is 'See api.resolve_conflict.';
grant execute on function private.resolve_conflict to authenticated;
-- end db/functions/private.resolve_conflict.sql

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
    returning c.*
  loop
    perform private.record_case_event('case_reopened', v_case, 'The records were separated again; the case is open again.');
  end loop;
end
$$;
comment on function private.reopen_superseded is 'In: ids of cases that a merge closed. Opens those that are a question still, and not open by another case already.';
-- end db/functions/private.reopen_superseded.sql

-- begin db/functions/private.why_not_undo.sql
-- A decision can be taken back while nothing newer stands on it: the record unchanged since, the login where it was put, nobody
-- else with the number that would come back, and the same disagreement not open anew. What was sent cannot be unsent.
create or replace function private.why_not_undo(c registry.conflicts, r registry.resolutions)
returns text
language sql stable
set search_path = ''
as $$
  select case
    when c.id is null then 'not_found'
    when r.id is null or c.kind = 'push_failed' or r.decision = 'retry_sync' then 'not_resolved'
    when r.decided_at < now() - interval '30 days' then 'too_late'
    when r.before ? 'version_after' and (r.before ->> 'version_after')::integer is distinct from (
      select m.version from registry.members as m where m.id = (r.before #>> '{number,member_id}')::uuid) then 'newer_change'
    when r.before ? 'survivor_number' and r.before #>> '{survivor_number,index}' is distinct from (
      select m.personnummer_index from registry.members as m where m.id = (r.before ->> 'survivor')::uuid) then 'newer_change'
    when r.before ? 'link' and (r.before #>> '{link,after}')::uuid is distinct from (
      select private.linked_member(o) from registry.observations as o where o.id = c.observation_id) then 'newer_change'
    when r.before ? 'merged' and exists ( -- the survivor is no more, and what went to it has gone on
      select from registry.members as m where m.id = (r.before ->> 'survivor')::uuid and m.merged_into is not null) then 'newer_change'
    when exists ( -- it would go back to a record that is no more, or ask about one
      select from registry.members as m
      where m.organization_id = c.organization_id and m.merged_into is not null
        and (m.id = (r.before #>> '{link,before}')::uuid or r.before -> 'excluded' ? m.id::text
          or not r.before ? 'merged' and m.id = any (c.candidates || array[c.member_id, c.other_member_id]))) then 'newer_change'
    when r.decision = 'keep_existing' and private.is_moot(c) then 'newer_change' -- there is nothing left to ask
    when exists (
      select from registry.members as m
      where m.organization_id = c.organization_id and m.personnummer_index = r.before #>> '{number,index}'
        and m.id <> (r.before #>> '{number,member_id}')::uuid
        and not (r.before ? 'survivor_number' and m.id = (r.before ->> 'survivor')::uuid)) then 'newer_change'
    when exists (
      select from registry.conflicts as other
      where other.organization_id = c.organization_id and other.fingerprint = c.fingerprint and other.state = 'open') then 'newer_change'
  end
$$;
comment on function private.why_not_undo is 'In: a locked case (null: not visible), its decision in force. Out: code of the refusal, null: go ahead.';
-- end db/functions/private.why_not_undo.sql

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
  v_refusal := coalesce(private.why_not_undo(c, r), case when not private.note_is_fit(p_note) then 'note_unusable' end);
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
  return private.describe_case(c);
end
$$;
comment on function private.undo_resolution is 'See api.undo_resolution.';
grant execute on function private.undo_resolution to authenticated;
-- end db/functions/private.undo_resolution.sql

-- begin db/functions/private.plan_import.sql
-- What each row of an import comes to, before anything is written. The rows' numbers differ from each other and so do their
-- external ids; the caller sees to that. A merged record is only a mark of where it went, and is left alone.
create or replace function private.plan_import(p_run registry.import_runs, p_rows private.imported_member[])
returns setof private.import_step
language sql volatile rows 10
set search_path = ''
as $$
  select
    coalesce(m.id, gen_random_uuid()),
    m.id is null,
    case when m.id is null or m.merged_into is not null then '{}' else
      private.changed_columns(p_run.columns, m, r) || case when n.step = 'write' then array['personnummer'] else '{}' end
    end,
    n.step,
    holder.id,
    r
  from unnest(p_rows) as r
  left join registry.members as m on m.organization_id = p_run.organization_id and m.external_id = r.external_id
  left join lateral (
    select h.id from registry.members as h
    where h.organization_id = p_run.organization_id
      and h.personnummer_index = any (r.personnummer_index || coalesce(r.personnummer_index_previous, '{}'))
    limit 1
  ) as holder on r.personnummer_index is not null
  cross join lateral (
    select case
      when r.personnummer_index is null or m.merged_into is not null or holder.id = m.id then 'none'
      when private.number_is_verified(m) then 'conflict'
      when holder.id is not null or p_run.dry_run and exists (
        select from registry.import_lines as l where l.run_id = p_run.id and l.personnummer_index = r.personnummer_index)
        -- An earlier row waits for it (not ranked yet, so the file is still being read), and comes first.
        or exists (
          select from registry.waiting_numbers as w
          where w.run_id = p_run.id and w.personnummer_index = r.personnummer_index and w.nth is null) then 'duplicate'
      else 'write'
    end::private.number_step as step
  ) as n
$$;
comment on function private.plan_import is 'In: a run, rows with different numbers and external ids. Out: one step for each. Writes nothing.';
-- end db/functions/private.plan_import.sql

-- begin db/functions/private.plan_waiting.sql
-- What waiting numbers come to now that the file has been read.
create or replace function private.plan_waiting(p_run registry.import_runs, p_which text)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  v_lines integer[];
begin
  for v_lines in select l.lines from private.waiting_portions(p_run.id, p_which) as l(lines) loop
    update registry.waiting_numbers as w
    set step = s.number, member_id = s.member_id, holder_id = s.other_member_id, moving = w.nth = 1 and s.number in ('write', 'duplicate')
    from private.plan_import(p_run, private.waiting_rows(p_run.id, v_lines)) as s
    where w.run_id = p_run.id and w.line = (s.imported).line;
  end loop;
  -- Who waits for whom has just been written down, and is looked up next. An import of another organisation that is doing the same at this
  -- moment is not waited for: what it finds is true enough of both.
  if pg_try_advisory_xact_lock(hashtextextended('analyze registry.waiting_numbers', 0)) then
    analyze registry.waiting_numbers;
  end if;
end
$$;
comment on function private.plan_waiting is 'In: a run, which of its waiting numbers (private.waiting_portions). Writes down what each comes to; a first row moves, unless it is held up (private.hold_up).';
-- end db/functions/private.plan_waiting.sql

-- begin db/functions/private.write_import.sql
-- Puts planned rows into the member records: new ones, then those that change.
create or replace function private.write_import(p_run registry.import_runs, p_steps private.import_step[])
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  insert into registry.members (id, organization_id, external_id, given_name, family_name, birth_date, email, phone,
    personnummer_index, personnummer_sealed, personnummer_masked, personnummer_source, personnummer_at)
  select s.member_id, p_run.organization_id, r.external_id, r.given_name, r.family_name, r.birth_date, r.email, r.phone,
    n.personnummer_index, n.personnummer_sealed, n.personnummer_masked,
    case when s.number = 'write' then 'import'::registry.source end, case when s.number = 'write' then clock_timestamp() end
  from unnest(p_steps) as s
  cross join lateral (select (s.imported).*) as r
  left join lateral (select (s.imported).*) as n on s.number = 'write'
  where s.is_new;

  update registry.members as m set
    given_name = case when 'given_name' = any (s.changed) then r.given_name else m.given_name end,
    family_name = case when 'family_name' = any (s.changed) then r.family_name else m.family_name end,
    birth_date = case when 'birth_date' = any (s.changed) then r.birth_date else m.birth_date end,
    email = case when 'email' = any (s.changed) then r.email else m.email end,
    phone = case when 'phone' = any (s.changed) then r.phone else m.phone end,
    personnummer_index = case when s.number = 'write' then r.personnummer_index else m.personnummer_index end,
    personnummer_sealed = case when s.number = 'write' then r.personnummer_sealed else m.personnummer_sealed end,
    personnummer_masked = case when s.number = 'write' then r.personnummer_masked else m.personnummer_masked end,
    personnummer_source = case when s.number = 'write' then 'import' else m.personnummer_source end,
    personnummer_at = case when s.number = 'write' then clock_timestamp() else m.personnummer_at end
  from unnest(p_steps) as s
  cross join lateral (select (s.imported).*) as r
  where m.id = s.member_id and not s.is_new and s.changed <> '{}';
end
$$;
comment on function private.write_import is 'In: a run, its steps. Makes and changes member records.';
-- end db/functions/private.write_import.sql

-- begin db/functions/private.move_numbers.sql
-- Numbers change hands: all are given up first, because a number is only ever on one record. Whether a case is moot is asked when all
-- have got theirs: until then a record may have none, which answers nothing.
create or replace function private.move_numbers(p_run registry.import_runs)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  v_lines integer[];
  v_steps private.import_step[];
begin
  update registry.members as m
  set personnummer_index = null, personnummer_sealed = null, personnummer_masked = null, personnummer_source = null, personnummer_at = null
  where m.personnummer_index is not null
    and m.id in (select w.member_id from registry.waiting_numbers as w where w.run_id = p_run.id and w.moving);
  for v_lines in select l.lines from private.waiting_portions(p_run.id, 'moving') as l(lines) loop
    v_steps := array(
      select row(w.member_id, false, array['personnummer'], 'write', null, r)::private.import_step
      from unnest(private.waiting_rows(p_run.id, v_lines)) as r
      join registry.waiting_numbers as w on w.run_id = p_run.id and w.line = r.line);
    perform private.write_import(p_run, v_steps);
    perform private.record_import(p_run, v_steps);
  end loop;
  for v_lines in select l.lines from private.waiting_portions(p_run.id, 'moving') as l(lines) loop
    perform private.close_moot_cases(p_run.organization_id,
      array(select w.member_id from registry.waiting_numbers as w where w.run_id = p_run.id and w.line = any (v_lines)), 'import');
  end loop;
end
$$;
comment on function private.move_numbers is 'In: a run with numbers that move. Writes them, with their audit events; closes cases that this leaves moot.';
-- end db/functions/private.move_numbers.sql

-- begin db/functions/private.import_batch.sql
-- One batch of an import. Rows with the same number go one after the other, so that the second one finds the first. Numbers that
-- another member has wait for the end of the file (private.settle_waiting).
create or replace function private.import_batch(p_run registry.import_runs, p_rows private.imported_member[])
returns registry.import_runs
language plpgsql volatile
set search_path = ''
as $$
declare
  v_run registry.import_runs := p_run;
  v_rows private.imported_member[] := p_rows;
  v_now private.imported_member[];
  v_steps private.import_step[];
begin
  while cardinality(v_rows) > 0 loop
    select array_agg(r.one order by (r.one).line) filter (where r.nth = 1), coalesce(array_agg(r.one) filter (where r.nth > 1), '{}')
    into v_now, v_rows
    from (
      select one, row_number() over (partition by coalesce(one.personnummer_index, one.external_id) order by one.line) as nth
      from unnest(v_rows) as one
    ) as r;
    if not v_run.dry_run then
      perform private.lock_import(v_run, v_now);
    end if;
    v_steps := array(select s from private.plan_import(v_run, v_now) as s);
    if not v_run.dry_run then
      perform private.write_import(v_run, v_steps);
      perform private.record_import(v_run, v_steps);
      perform private.close_moot_cases(v_run.organization_id, got.ids, 'import')
      from (select array_agg(s.member_id) as ids from unnest(v_steps) as s where s.number = 'write' and not s.is_new) as got
      where got.ids is not null;
      perform private.open_import_case(v_run, s) from unnest(v_steps) as s where s.number = 'conflict';
    end if;
    perform private.keep_waiting(v_run, v_steps);
    insert into registry.import_lines (run_id, external_id, personnummer_index)
    select v_run.id, (s.imported).external_id, case when v_run.dry_run and s.number = 'write' then (s.imported).personnummer_index end
    from unnest(v_steps) as s
    on conflict (run_id, external_id) do update set rejected = false, personnummer_index = excluded.personnummer_index;
    select v_run.added + count(*) filter (where s.is_new),
           v_run.updated + count(*) filter (where s.changed <> '{}'),
           v_run.unchanged + count(*) filter (where not s.is_new and s.changed = '{}'),
           v_run.conflicts + count(*) filter (where s.number = 'conflict')
    into v_run.added, v_run.updated, v_run.unchanged, v_run.conflicts
    from unnest(v_steps) as s;
  end loop;
  return v_run;
end
$$;
comment on function private.import_batch is 'In: a run, rows with different external ids. Out: the run with its counts. Writes records, cases and audit events, or in a dry run nothing of these; numbers that another member has wait.';
-- end db/functions/private.import_batch.sql

-- begin db/functions/import.load_rows.sql
-- The door's main call: one batch, one transaction. A batch that has arrived already is answered and not done again, so the
-- program may repeat it when a connection breaks.
create or replace function import.load_rows(run_id uuid, from_record integer, records integer, rows jsonb, rejections jsonb)
returns table (records_done integer, added integer, updated integer, unchanged integer, duplicates integer, conflicts integer, rejected integer)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  v_run registry.import_runs := private.lock_run(load_rows.run_id);
  v_rows private.imported_member[];
  v_repeated jsonb;
begin
  if v_run.records_done < load_rows.from_record then
    raise exception 'Records of the file were left out.' using errcode = 'PN007';
  elsif v_run.records_done = load_rows.from_record then
    select coalesce(array_agg(r.imported) filter (where r.is_first), '{}'),
           coalesce(jsonb_agg(jsonb_build_object('line', (r.imported).line, 'reasons', array['external_id_repeated']))
             filter (where not r.is_first), '[]')
    into v_rows, v_repeated
    from private.read_rows(v_run, load_rows.rows) as r;
    v_run.rejected := v_run.rejected + private.reject_rows(v_run.id, load_rows.rejections || v_repeated);
    v_run := private.import_batch(v_run, v_rows);
    v_run.records_done := v_run.records_done + load_rows.records;
    update registry.import_runs as r
    set (records_done, added, updated, unchanged, duplicates, conflicts, rejected)
      = (v_run.records_done, v_run.added, v_run.updated, v_run.unchanged, v_run.duplicates, v_run.conflicts, v_run.rejected)
    where r.id = v_run.id;
    perform private.analyze_import(load_rows.from_record, v_run.records_done);
  end if;
  return query select v_run.records_done, v_run.added, v_run.updated, v_run.unchanged, v_run.duplicates, v_run.conflicts, v_run.rejected;
exception
when unique_violation then -- a decision is taken back at this moment, and gives a number to somebody
  raise exception 'A number was given to somebody else meanwhile.' using errcode = 'serialization_failure';
when integrity_constraint_violation or data_exception then
  raise exception 'The rows are not acceptable: SQLSTATE %.', SQLSTATE using errcode = 'PN007';
end
$$;
comment on function import.load_rows is 'In: run, number of records before these, number of records, rows with sealed numbers, rejected lines. Out: the counts so far. Raises PN006, PN007; serialization_failure: call again.';
grant execute on function import.load_rows to member_importer;
-- end db/functions/import.load_rows.sql

-- begin db/functions/private.changes_for_file.sql
-- What a file would carry now: what waits, and what was given up and is tried once a day, which may be from a time when the changes went
-- another way; of one member the last. Changes whose record has moved on are settled first: no later file could carry them either, so
-- they would wait for ever.
create or replace function private.changes_for_file(p_organization_id uuid)
returns uuid[]
language plpgsql volatile
set search_path = ''
as $$
declare
  p sync.pushes;
begin
  for p in
    select known.* from sync.pushes as known
    join registry.members as m on m.id = known.member_id
    where known.organization_id = p_organization_id and known.state in ('pending', 'given_up') and known.next_attempt_at <= clock_timestamp()
      and (m.merged_into is not null or m.personnummer_index is distinct from known.personnummer_index)
    order by known.id for update of known skip locked
  loop
    if private.push_is_moot(p) then
      perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
    end if;
  end loop;
  return (
    select array_agg(due.id) from (
      select known.id from sync.pushes as known
      join registry.members as m on m.id = known.member_id and m.merged_into is null
        and m.personnummer_index is not distinct from known.personnummer_index
      where known.organization_id = p_organization_id and known.state in ('pending', 'given_up') and known.next_attempt_at <= clock_timestamp()
        and not exists (
          select from sync.pushes as later
          where later.organization_id = known.organization_id and later.member_id = known.member_id
            and later.state in ('pending', 'given_up') and later.next_attempt_at is not null
            and (later.created_at, later.id) > (known.created_at, known.id))
      order by known.created_at limit 10000
    ) as due);
end
$$;
comment on function private.changes_for_file is 'In: an organisation. Out: the changes that are due for a file, the oldest first; null: none.';
-- end db/functions/private.changes_for_file.sql

-- begin db/functions/private.fail_filed_push.sql
-- A change that cannot go into a file: what can never be read is a case, what lacks a key waits for the next file.
create or replace function private.fail_filed_push(p_file sync.files, p_push_id uuid, p_error_code text)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  p sync.pushes;
begin
  select known.* into p from sync.pushes as known
  where known.id = p_push_id and known.organization_id = p_file.organization_id and known.state in ('pending', 'given_up') for update;
  if p.id is null then
    return;
  end if;
  update sync.pushes set attempts = attempts + 1, leased_by = p_file.leased_by where id = p.id returning * into p;
  p.error_code := p_error_code;
  insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, error_code, duration_ms)
  values (p.id, p.organization_id, p.attempts, p.leased_by,
    case when p_error_code in ('sealing_key_unknown', 'index_secret_unknown') then 'retry' else 'rejected' end::sync.attempt_result, p_error_code, 0);
  if p_error_code in ('sealing_key_unknown', 'index_secret_unknown') then
    update sync.pushes set error_code = p_error_code, next_attempt_at = clock_timestamp() + interval '10 minutes' where id = p.id;
    perform private.record_push_event('push_attempt_failed', p,
      format('The change could not go into a file (%s); the next one takes it.', p_error_code));
  else
    perform private.fail_push(p, 'rejected', 'push_rejected', 'The change could not go into a file; a case was opened.');
  end if;
end
$$;
comment on function private.fail_filed_push is 'In: a file, a push that could not go into it, why.';
-- end db/functions/private.fail_filed_push.sql

-- begin db/functions/private.link_identity.sql
-- Remembers which member a login belongs to, with the reason. A coordinator may be merging the record at this moment: its links have
-- moved then, and a new one would stay behind on a record that nobody finds again; or be finding that the login is not this member. So
-- whoever links meets whoever merges or parts at the record.
create or replace function private.link_identity(p_observation registry.observations, p_finding private.finding)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  perform from registry.members as m where m.id = p_observation.member_id and m.merged_into is null for no key update;
  if not found then
    raise exception 'The record was merged into another meanwhile.' using errcode = 'serialization_failure';
  elsif private.is_excluded(p_observation, p_observation.member_id) then
    raise exception 'The login was found not to be the member''s meanwhile.' using errcode = 'serialization_failure';
  end if;
  insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, rung, explanation)
  values (p_observation.organization_id, p_observation.issuer, p_observation.subject, p_observation.member_id,
          p_observation.provider, p_finding.rung, p_finding.explanation)
  on conflict (organization_id, issuer, subject) do nothing;
  if found then
    perform private.record_event('linked', p_observation.source::text, p_observation.organization_id,
      format('The login was linked to the member, found by %s.', replace(p_finding.rung, '_', ' ')),
      p_member_id => p_observation.member_id, p_observation_id => p_observation.id, p_detail => p_finding.explanation);
  elsif private.linked_member(p_observation) is distinct from p_observation.member_id then
    -- The same person's other login came to another member a moment ago. Processed again, this one follows that link.
    raise exception 'The login was linked to another member meanwhile.' using errcode = 'serialization_failure';
  end if;
end
$$;
comment on function private.link_identity is 'In: an observation with its member, and the finding. Links issuer and subject to the member, once.';
-- end db/functions/private.link_identity.sql

-- begin db/functions/private.lock_filed_pushes.sql
-- Between the claim of a file and its end a consent may be withdrawn, or a record change. Locked, nothing more can happen to them.
create or replace function private.lock_filed_pushes(p_file sync.files, p_ids uuid[])
returns boolean
language plpgsql volatile
set search_path = ''
as $$
begin
  perform from sync.pushes as p where p.id = any (p_ids) and p.organization_id = p_file.organization_id order by p.id for update;
  return (
    select count(*) = cardinality(p_ids) from sync.pushes as p
    join registry.members as m on m.id = p.member_id and m.merged_into is null
      and m.personnummer_index is not distinct from p.personnummer_index
    where p.id = any (p_ids) and p.organization_id = p_file.organization_id
      and p.state in ('pending', 'given_up') and p.next_attempt_at is not null
      and not exists (select from sync.pushes as newer where newer.member_id = p.member_id and newer.state = 'pending' and newer.id <> p.id));
end
$$;
comment on function private.lock_filed_pushes is 'In: a locked file that is being written, the changes in it. Out: whether all of them still wait and carry what their records have; they are locked.';
-- end db/functions/private.lock_filed_pushes.sql

-- begin db/functions/private.renew_consent.sql
-- A login after the message that consent was withdrawn is a new consent at the provider. What was cancelled by the message goes
-- out after all, and what is being sent at this moment is tried again if it fails. The member is locked first, as by everybody who queues
-- a push: two at once would meet in a duplicate key.
create or replace function private.renew_consent(p_observation registry.observations)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  v_last sync.pushes;
  v_push_id uuid;
begin
  perform from registry.members as m
  where m.id = p_observation.member_id and exists (
    select from registry.identity_links as l
    where (l.organization_id, l.issuer, l.subject) = (p_observation.organization_id, p_observation.issuer, p_observation.subject)
      and l.revoked_at < p_observation.authenticated_at)
  for no key update;
  update registry.identity_links as l set revoked_at = null
  where (l.organization_id, l.issuer, l.subject) = (p_observation.organization_id, p_observation.issuer, p_observation.subject)
    and l.revoked_at < p_observation.authenticated_at;
  if not found then
    return;
  end if;
  update sync.pushes as p set consent_withdrawn_at = null
  from registry.observations as o
  where o.id = p.observation_id and (o.issuer, o.subject) = (p_observation.issuer, p_observation.subject)
    and p.organization_id = p_observation.organization_id and p.member_id = p_observation.member_id
    and p.settled_at is null and p.consent_withdrawn_at is not null;
  select p.* into v_last from sync.pushes as p
  where p.organization_id = p_observation.organization_id and p.member_id = p_observation.member_id
  order by p.created_at desc, p.id limit 1;
  if v_last.state = 'cancelled' and p_observation.outcome = 'confirmed' then
    v_push_id := private.queue_push(p_observation.member_id, p_observation.id);
  end if;
  perform private.record_event('consent_renewed', p_observation.source::text, p_observation.organization_id,
    'The member logged in again after consent was said to be withdrawn.',
    p_member_id => p_observation.member_id, p_observation_id => p_observation.id, p_push_id => v_push_id);
end
$$;
comment on function private.renew_consent is 'In: a decided observation of a linked login. Clears the mark of a withdrawal that is older, and queues what it had cancelled.';
-- end db/functions/private.renew_consent.sql

-- begin db/functions/private.withhold_without_consent.sql
-- Where the member must be asked first, a number may find the member but is not stored before the answer (design section 12).
-- A login that brought none is the same: it is with the consent that the number comes. Nor is one stored after consent was withdrawn.
create or replace function private.withhold_without_consent(p_observation registry.observations)
returns registry.observations
language plpgsql stable
set search_path = ''
as $$
declare
  o registry.observations := p_observation;
begin
  if coalesce(o.absent_reason, 'not_given') = 'not_given' and private.needs_consent(o)
    or o.absent_reason is null and private.is_withdrawn(o) then
    o := private.without_number(o, 'not_consented');
  end if;
  return o;
end
$$;
comment on function private.withhold_without_consent is 'In: an observation with its member. Out: the same, without the number if consent is needed and not there, or was withdrawn since.';
-- end db/functions/private.withhold_without_consent.sql

-- begin db/functions/worker.drift_page.sql
-- The records to compare with a member system, a page at a time. Left out: what is on its way, what failed (there is a case), what was
-- cancelled because consent was withdrawn (it is not to arrive), and records without a number that never had one sent.
create or replace function worker.drift_page(organization text, after uuid, most integer)
returns table (
  member_id uuid, organization_id uuid, external_id text, personnummer_index text, sent boolean, sent_index text, has_case boolean,
  member_system jsonb
)
language sql stable security definer
set search_path = ''
as $$
  select m.id, m.organization_id, m.external_id, m.personnummer_index, p.id is not null, p.personnummer_index,
    exists (select from registry.conflicts as c
            where c.organization_id = m.organization_id and c.member_id = m.id and c.kind = 'drift' and c.state = 'open'),
    to_jsonb(s)
  from registry.organizations as g
  join sync.member_systems as s on s.organization_id = g.id
  join registry.members as m on m.organization_id = g.id and m.merged_into is null and m.external_id is not null
  left join lateral (
    select known.id, known.state, known.personnummer_index from sync.pushes as known
    where known.organization_id = m.organization_id and known.member_id = m.id and known.state <> 'superseded'
    order by known.created_at desc limit 1
  ) as p on true
  where g.slug = drift_page.organization and (drift_page.after is null or m.id > drift_page.after)
    and coalesce(p.state = 'delivered', m.personnummer_index is not null)
  order by m.id limit least(drift_page.most, 1000)
$$;
comment on function worker.drift_page is 'In: an organisation (slug), the member after which to go on (null: from the first), most rows. Out: what is recorded and what was sent last, by index, with the member system; has_case: a difference was found before.';
grant execute on function worker.drift_page to sync_worker;
-- end db/functions/worker.drift_page.sql

-- begin db/functions/worker.finish_file.sql
-- The door through which a worker hands over a finished file. Changes that could not go into it (their number could not be read)
-- become cases. A file is sealed and cannot be mended: if one of its changes was cancelled or superseded while it was written, the
-- whole file is given up, and the next claim writes it anew without that change.
create or replace function worker.finish_file(file_id uuid, worker_id text, content text, push_ids uuid[], failed_ids uuid[], failed_codes text[])
returns integer
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  f sync.files;
  p sync.pushes;
  v_within interval;
begin
  select k.* into f from sync.files as k where k.id = finish_file.file_id for update;
  if f.state is distinct from 'writing' or f.leased_by <> finish_file.worker_id then
    return null;
  end if;
  select s.accept_within into v_within from sync.member_systems as s where s.organization_id = f.organization_id;
  perform private.fail_filed_push(f, t.id, t.code) from unnest(finish_file.failed_ids, finish_file.failed_codes) as t(id, code);
  if cardinality(finish_file.push_ids) = 0 or not private.lock_filed_pushes(f, finish_file.push_ids) then
    update sync.files as k set state = 'expired', lease_expires_at = null where k.id = f.id;
    return case when cardinality(finish_file.push_ids) = 0 then 0 end;
  end if;
  update sync.files as k
  set state = 'ready', content = finish_file.content, pushes = cardinality(finish_file.push_ids), ready_at = clock_timestamp(),
      accept_until = clock_timestamp() + v_within, lease_expires_at = null
  where k.id = f.id;
  for p in
    update sync.pushes as k
    set state = 'pending', settled_at = null, file_id = f.id, error_code = null,
        accepted_until = clock_timestamp() + v_within, next_attempt_at = clock_timestamp() + v_within, leased_by = finish_file.worker_id
    where k.id = any (finish_file.push_ids)
    returning k.*
  loop
    perform private.record_push_event('push_accepted', p, 'The change is in a file for the member system.');
  end loop;
  perform private.record_event('file_written', 'worker', f.organization_id, format('A file with %s changes is ready to be fetched.',
    cardinality(finish_file.push_ids)), p_detail => jsonb_build_object('file_id', f.id));
  return cardinality(finish_file.push_ids);
end
$$;
comment on function worker.finish_file is 'In: the file, the worker''s name, the CSV as compact JWE, the changes in it, the changes that could not be read with their codes. Out: how many changes it carries; null when the file has been given up.';
grant execute on function worker.finish_file to sync_worker;
-- end db/functions/worker.finish_file.sql

-- begin db/functions/worker.process_observation.sql
-- A deferred observation is decided after all. Faults are not caught here: the job fails, and graphile-worker tries again.
create or replace function worker.process_observation(observation_id uuid)
returns text
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  o registry.observations;
begin
  select known.* into o from registry.observations as known where known.id = process_observation.observation_id for update;
  if o.id is null then
    raise exception 'There is no such observation.' using errcode = 'PN004';
  elsif o.outcome = 'deferred' then
    if o.personnummer_index is not null and not (select g.capture from registry.organizations as g where g.id = o.organization_id) then
      o := private.without_number(o, 'capture_off'); -- switched off since
    end if;
    o := private.settle_observation(o);
    perform private.store_decision(o);
  end if;
  return o.outcome::text;
end
$$;
comment on function worker.process_observation is 'In: a deferred observation. Out: its outcome, now decided. Raises PN004 for an unknown id.';
grant execute on function worker.process_observation to sync_worker;
-- end db/functions/worker.process_observation.sql

-- begin db/functions/worker.report_drift.sql
-- The door through which a worker says how a record compares with the member system. A difference is a case, once; one that a
-- coordinator has settled by leaving theirs as it is does not come back. Agreement closes an open case.
create or replace function worker.report_drift(
  member_id uuid, recorded_index text, verdict text, live_indexes text[], live_masked text, as_sent boolean
)
returns boolean
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  m registry.members;
begin
  select known.* into m from registry.members as known where known.id = report_drift.member_id for no key update;
  -- The record has moved on since it was compared, or is about to be sent: the next comparison tells.
  if m.id is null or m.merged_into is not null or m.personnummer_index is distinct from report_drift.recorded_index or exists (
    select from sync.pushes as p where p.organization_id = m.organization_id and p.member_id = m.id and p.settled_at is null)
  then
    return false;
  elsif report_drift.verdict = 'same' then
    return private.close_drift_case(m);
  else
    return private.open_drift_case(m, report_drift.verdict, report_drift.live_indexes, report_drift.live_masked, report_drift.as_sent);
  end if;
end
$$;
comment on function worker.report_drift is 'In: a member, the index it was compared by, the verdict (same, another, none, missing, unreadable), indexes (one for each version of the key) and masked form of the number over there, whether it is what was sent last. Out: whether a case was opened or closed.';
grant execute on function worker.report_drift to sync_worker;
-- end db/functions/worker.report_drift.sql

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
