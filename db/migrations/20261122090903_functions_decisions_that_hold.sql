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
    ('evidence_changed', 409, 'The other record does not have this number any more, so nothing says that the two are one person.'),
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

-- begin db/functions/private.has_number.sql
-- Whether a record has the number that a login or an import brought. Indexes of different key versions cannot be compared; then the
-- masked forms are.
create or replace function private.has_number(m registry.members, p_evidence registry.observations)
returns boolean
language sql immutable
set search_path = ''
as $$
  select m.personnummer_index is not null and (
    m.personnummer_index = any (p_evidence.personnummer_index || p_evidence.personnummer_index_previous)
    or m.personnummer_masked = p_evidence.personnummer_masked and split_part(m.personnummer_index, '.', 1) <> all (
      select split_part(known.index, '.', 1)
      from unnest(p_evidence.personnummer_index || p_evidence.personnummer_index_previous) as known(index)))
$$;
comment on function private.has_number is 'In: a member, an observation or what stands for one (private.evidence_of_case). Out: whether the record has that number.';
-- end db/functions/private.has_number.sql

-- begin db/functions/private.is_moot.sql
-- A case about numbers is moot when the records have changed so that nothing of it is left: the record has the very number by now, or
-- it has one of its own, or nobody else has the number any more.
create or replace function private.is_moot(c registry.conflicts)
returns boolean
language sql stable
set search_path = ''
as $$
  select case c.kind
    when 'mismatch' then private.has_number(m, o)
    when 'duplicate' then m.personnummer_index is not null or not private.has_number(other, o)
  end
  from private.evidence_of_case(c) as o
  join registry.members as m on m.id = c.member_id
  left join registry.members as other on other.id = c.other_member_id
  where o.personnummer_index is not null
$$;
comment on function private.is_moot is 'In: a case. Out: whether the numbers that the records have by now leave nothing to decide; null: not a case about numbers, or the number was erased.';
-- end db/functions/private.is_moot.sql

-- begin db/functions/private.close_moot_cases.sql
-- Records got other numbers: what coordinators were asked about them may have answered itself. Left open, such a case would offer to
-- merge people who have nothing in common any more. If the disagreement is seen again, it is a new case.
create or replace function private.close_moot_cases(
  p_organization_id uuid, p_member_ids uuid[], p_source text, p_except uuid default null
)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  c registry.conflicts;
begin
  for c in
    update registry.conflicts as known
    set state = 'superseded', superseded_by = 'The numbers of the records changed.', closed_at = clock_timestamp(), version = known.version + 1
    where known.organization_id = p_organization_id and known.state = 'open' and known.kind in ('mismatch', 'duplicate')
      and (known.member_id = any (p_member_ids) or known.other_member_id = any (p_member_ids))
      and known.id is distinct from p_except and private.is_moot(known)
    returning known.*
  loop
    perform private.record_event('case_superseded', p_source, c.organization_id, 'The case is moot: the numbers of the records changed.',
      p_member_id => c.member_id, p_observation_id => c.observation_id, p_conflict_id => c.id,
      p_detail => jsonb_build_object('kind', c.kind, 'version', c.version));
  end loop;
end
$$;
comment on function private.close_moot_cases is 'In: members whose numbers have changed, who changed them (audit source), a case that is being settled. Closes the open cases about these numbers that are moot.';
-- end db/functions/private.close_moot_cases.sql

-- begin db/functions/private.set_number.sql
-- A coordinator gives a record the observed number; the change is on its way to the member system in the same transaction.
create or replace function private.set_number(p_observation registry.observations, p_member_id uuid, p_conflict_id uuid)
returns jsonb
language plpgsql volatile
set search_path = ''
as $$
declare
  v_before constant jsonb := private.number_of(p_member_id);
  v_version integer;
begin
  update registry.members
  set personnummer_index = p_observation.personnummer_index,
      personnummer_sealed = p_observation.personnummer_sealed,
      personnummer_masked = p_observation.personnummer_masked,
      -- What an import offered and a coordinator chose is the coordinator's: the next import may not replace it.
      personnummer_source = case p_observation.source when 'import' then 'coordinator' else p_observation.source end,
      personnummer_at = clock_timestamp()
  where id = p_member_id
  returning version into v_version;
  perform private.record_event('number_accepted', 'coordinator', p_observation.organization_id,
    format('A coordinator gave the record the personnummer %s that %s brought.', p_observation.personnummer_masked, p_observation.source),
    p_member_id => p_member_id, p_observation_id => p_observation.id, p_conflict_id => p_conflict_id,
    p_push_id => private.queue_push(p_member_id, p_observation.id));
  perform private.close_moot_cases(p_observation.organization_id, array[p_member_id], 'coordinator', p_conflict_id);
  return jsonb_build_object('number', v_before, 'version_after', v_version);
end
$$;
comment on function private.set_number is 'In: an observation, a member, the case. Out: the number before, for undo. Writes the number, queues the push.';
-- end db/functions/private.set_number.sql

-- begin db/functions/private.move_to_member.sql
-- Moves logins, observations, sessions and consents from one member record to another; given the ids, moves just those (undo does).
-- So goes what a coordinator found out: a login that is not the one person is not the other, unless it is known to be.
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
  ), excluded as (
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
  )
  select jsonb_build_object('moved', jsonb_build_object(
    'links', coalesce((select jsonb_agg(id) from links), '[]'),
    'observations', coalesce((select jsonb_agg(id) from observations), '[]'),
    'sessions', coalesce((select jsonb_agg(id) from sessions), '[]'),
    'consents', coalesce((select jsonb_agg(id) from consents), '[]'),
    'excluded', coalesce((select jsonb_agg(id) from excluded), '[]')))
$$;
comment on function private.move_to_member is 'In: organisation, member from, member to, ids to move (null: all). Out: ids of what was moved.';
-- end db/functions/private.move_to_member.sql

-- begin db/functions/private.restore_number.sql
-- A record gets a number it did not bring in itself: the one it had before, none, or that of a record merged into it. The member
-- system hears of it.
create or replace function private.restore_number(
  c registry.conflicts, p_number jsonb, p_event text default 'number_restored',
  p_message text default 'The record has the personnummer again that it had before the decision (%s).'
)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  v_member_id constant uuid := (p_number ->> 'member_id')::uuid;
begin
  update registry.members
  set personnummer_index = p_number ->> 'index', personnummer_sealed = p_number ->> 'sealed', personnummer_masked = p_number ->> 'masked',
      personnummer_source = (p_number ->> 'source')::registry.source, personnummer_at = (p_number ->> 'at')::timestamptz
  where id = v_member_id;
  perform private.close_moot_cases(c.organization_id, array[v_member_id], 'coordinator', c.id);
  perform private.record_event(p_event, 'coordinator', c.organization_id, format(p_message, coalesce(p_number ->> 'masked', 'none')),
    p_member_id => v_member_id, p_conflict_id => c.id, p_push_id => private.queue_push(v_member_id));
end
$$;
comment on function private.restore_number is 'In: a case, a number in its stored forms with the member''s id, event and sentence. Writes it and queues the push.';
-- end db/functions/private.restore_number.sql

-- begin db/functions/private.part_login.sql
-- The login is not this member. The link goes, sessions that began with it end, and the ladder will never again propose
-- the member for this login.
create or replace function private.part_login(c registry.conflicts)
returns jsonb
language plpgsql volatile
set search_path = ''
as $$
declare
  v_not constant uuid[] := case when c.member_id is null then c.candidates else array[c.member_id] end;
  o registry.observations;
  v_linked uuid;
  v_excluded jsonb;
begin
  select known.* into strict o from registry.observations as known where known.id = c.observation_id;
  v_linked := private.linked_member(o);
  if v_linked = any (v_not) then
    delete from registry.identity_links as l
    where (l.organization_id, l.issuer, l.subject) = (o.organization_id, o.issuer, o.subject);
    perform private.record_event('link_removed', 'coordinator', o.organization_id, 'A coordinator found that the login is not the member''s.',
      p_member_id => v_linked, p_observation_id => o.id, p_conflict_id => c.id);
    perform private.end_session(s, 'link_removed')
    from registry.sessions as s join registry.observations as known on known.id = s.observation_id
    where s.member_id = v_linked and s.ended_at is null and (known.issuer, known.subject) = (o.issuer, o.subject);
  end if;
  with added as (
    insert into registry.excluded_links (organization_id, issuer, subject, member_id)
    select o.organization_id, o.issuer, o.subject, m.id from unnest(v_not) as m(id)
    on conflict do nothing
    returning member_id
  )
  select coalesce(jsonb_agg(member_id), '[]') into v_excluded from added;
  return jsonb_build_object('excluded', v_excluded)
    || case when v_linked = any (v_not) then jsonb_build_object('link', jsonb_build_object('before', v_linked, 'after', null)) else '{}' end;
end
$$;
comment on function private.part_login is 'In: a locked case. Out: the state before. Parts the login from the member, or from every candidate, for good.';
-- end db/functions/private.part_login.sql

-- begin db/functions/private.why_not_resolve.sql
-- The reasons for which a decision is refused, in the order in which a person would want to hear them. docs/error-codes.md
-- lists the codes.
create or replace function private.why_not_resolve(c registry.conflicts, p_decision text, p_expected_version integer)
returns text
language sql stable
set search_path = ''
as $$
  select case
    when c.id is null then 'not_found'
    when p_expected_version is distinct from c.version then 'stale_version'
    when c.state <> 'open' then 'not_open'
    when p_decision is null or p_decision <> all (array['accept_observed', 'keep_existing', 'not_same_person', 'merge_into']) then 'unknown_decision'
    when not private.decision_applies(c, p_decision) then 'decision_not_applicable'
    when p_decision in ('accept_observed', 'merge_into') and exists (
      select from registry.members as m
      where m.id = any (c.candidates || array[c.member_id, c.other_member_id]) and m.merged_into is not null) then 'member_merged'
    when p_decision = 'merge_into' and c.kind in ('mismatch', 'duplicate') and exists (
      select from private.evidence_of_case(c) as o join registry.members as other on other.id = c.other_member_id
      where o.personnummer_index is not null and not private.has_number(other, o)) then 'evidence_changed'
    when p_decision = 'accept_observed' and c.kind = 'mismatch' and exists (
      select from private.evidence_of_case(c) as o join registry.members as m on m.organization_id = o.organization_id
      where m.id <> c.member_id
        and m.personnummer_index = any (o.personnummer_index || o.personnummer_index_previous)) then 'number_taken'
  end
$$;
comment on function private.why_not_resolve is 'In: a locked case (null: not visible), the decision, the version the coordinator saw. Out: code of the refusal, null: go ahead.';
-- end db/functions/private.why_not_resolve.sql

-- begin db/functions/private.retry_case.sql
-- What a case is about is sent again: its push; or, where the member system has another number than a record whose number nobody ever
-- sent there, because it came from an import, the recorded one.
create or replace function private.retry_case(p_conflict_id uuid)
returns jsonb
language plpgsql volatile
set search_path = ''
as $$
declare
  c registry.conflicts;
  v_push_id uuid;
begin
  select known.* into c from registry.conflicts as known
  where known.id = p_conflict_id and known.organization_id = any (private.coordinator_organizations());
  if c.state = 'open' and c.push_id is not null then
    return private.retry_push(c.push_id);
  end if;
  c := private.lock_case(p_conflict_id);
  if c.id is null then
    return '{"code": "not_found"}'::jsonb;
  elsif c.state <> 'open' then
    return '{"code": "not_open"}'::jsonb;
  elsif c.kind <> 'drift' then
    return '{"code": "decision_not_applicable"}'::jsonb;
  end if;
  v_push_id := private.queue_push(c.member_id);
  perform private.record_event('push_requeued', 'coordinator', c.organization_id, 'A coordinator had the recorded number sent.',
    p_member_id => c.member_id, p_conflict_id => c.id, p_push_id => v_push_id);
  perform private.close_case(c, 'retry_sync', null, '{}');
  return jsonb_build_object('push_id', v_push_id, 'state', 'pending');
end
$$;
comment on function private.retry_case is 'In: a case. Out: the push that is queued now, or the code of a refusal.';
-- end db/functions/private.retry_case.sql

-- begin db/functions/private.retry_sync.sql
-- One push answers as it is; several answer how many. The refusal of one does not stop the others.
create or replace function private.retry_sync(p_push_id uuid, p_push_ids uuid[], p_error_code text, p_conflict_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  v_ids uuid[] := p_push_ids;
  v_id uuid;
  v_answer jsonb;
  v_queued integer := 0;
begin
  if num_nonnulls(p_push_id, p_push_ids, p_error_code, p_conflict_id) <> 1 or cardinality(p_push_ids) > 1000 then
    return private.refuse('retry_sync', 'name_one_thing', coalesce(p_push_id, p_conflict_id));
  elsif num_nonnulls(p_push_id, p_conflict_id) = 1 then
    v_answer := case when p_push_id is null then private.retry_case(p_conflict_id) else private.retry_push(p_push_id) end;
    return case when v_answer ? 'code'
      then private.refuse('retry_sync', v_answer ->> 'code', coalesce(p_push_id, p_conflict_id)) else v_answer end;
  elsif p_error_code is not null then
    v_ids := array(
      select p.id from sync.pushes as p
      where p.organization_id = any (private.coordinator_organizations()) and p.error_code = p_error_code
        and (p.state in ('rejected', 'given_up') or p.state = 'pending') and not private.is_followed(p)
      order by p.created_at limit 1000);
  end if;
  foreach v_id in array v_ids loop
    v_queued := v_queued + (not private.retry_push(v_id) ? 'code')::integer;
  end loop;
  return jsonb_build_object('queued', v_queued, 'not_queued', cardinality(v_ids) - v_queued);
end
$$;
comment on function private.retry_sync is 'See api.retry_sync.';
grant execute on function private.retry_sync to authenticated;
-- end db/functions/private.retry_sync.sql

-- begin db/functions/api.retry_sync.sql
-- A coordinator has pushes tried again, at once: one, several, all that failed for the same reason, or what a case is about.
create or replace function api.retry_sync(
  push_id uuid default null, push_ids uuid[] default null, error_code text default null, conflict_id uuid default null
)
returns jsonb
language sql volatile
set search_path = ''
begin atomic
  select private.retry_sync(retry_sync.push_id, retry_sync.push_ids, retry_sync.error_code, retry_sync.conflict_id);
end;
comment on function api.retry_sync is 'In: a push of api.failed_syncs, or several, or the error_code that a thousand at most of them share, or an open case about a push or a drift. Out: for one, the push that is queued now; else how many were queued and how many were not; or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.retry_sync to authenticated;
-- end db/functions/api.retry_sync.sql

-- begin db/functions/private.count_waiting.sql
-- A row was counted when it came, as added, changed or unchanged; a number that it gets now makes an unchanged one a changed one.
create or replace function private.count_waiting(
  p_run registry.import_runs, p_staying private.import_step[], p_moving private.import_step[]
)
returns registry.import_runs
language plpgsql stable
set search_path = ''
as $$
declare
  v_run registry.import_runs := p_run;
  v_changed constant integer := (
    select count(*) from unnest(p_moving) as s
    join registry.waiting_numbers as w on w.run_id = p_run.id and w.line = (s.imported).line and w.counted_unchanged);
begin
  v_run.updated := v_run.updated + v_changed;
  v_run.unchanged := v_run.unchanged - v_changed;
  select v_run.duplicates + count(*) filter (where s.number = 'duplicate'), v_run.conflicts + count(*) filter (where s.number = 'conflict')
  into v_run.duplicates, v_run.conflicts
  from unnest(p_staying) as s;
  return v_run;
end
$$;
comment on function private.count_waiting is 'In: a run, steps that become cases, steps that are written. Out: the run with its counts.';
-- end db/functions/private.count_waiting.sql

-- begin db/functions/private.lock_waiting.sql
-- As private.lock_import, for all waiting numbers at once. A few thousand at most can be locked one by one (max_locks_per_transaction);
-- where an export moves more, logins that fill a record wait for a moment, or are deferred and decided a minute later.
create or replace function private.lock_waiting(p_run registry.import_runs)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  if (select count(*) from registry.waiting_numbers as w where w.run_id = p_run.id) > 1000 then
    lock table registry.members in share row exclusive mode;
    return;
  end if;
  perform private.lock_number(p_run.organization_id, n.masked)
  from (select distinct w.personnummer_masked as masked from registry.waiting_numbers as w where w.run_id = p_run.id order by 1) as n;
  perform from registry.members as m
  where m.organization_id = p_run.organization_id
    and m.external_id in (select w.external_id from registry.waiting_numbers as w where w.run_id = p_run.id)
  order by m.id for no key update;
end
$$;
comment on function private.lock_waiting is 'In: a run whose file has been read. Waits until no login is about to change the numbers or records that waiting numbers concern.';
-- end db/functions/private.lock_waiting.sql

-- begin db/functions/private.moving_numbers.sql
-- An export is right as a whole. A number can go to another member when the one who has it gets another number by the same file, who
-- may in turn wait for a third one; so two members' numbers can be exchanged. Whoever waits for somebody who stays as they are, stays too.
create or replace function private.moving_numbers(p_run registry.import_runs, p_steps private.import_step[])
returns setof private.import_step
language sql stable
set search_path = ''
as $$
  with recursive blocked as (
    select s.member_id from unnest(p_steps) as s
    where s.number = 'duplicate' and (s.other_member_id is null or exists ( -- in a dry run, a row before has got it
        select from registry.import_lines as l
        where l.run_id = p_run.id and l.personnummer_index = (s.imported).personnummer_index)
      or not exists (
        select from unnest(p_steps) as giving where giving.member_id = s.other_member_id and giving.number in ('duplicate', 'write'))
      and not exists ( -- in a dry run, who got another number by an earlier row has the old one still
        select from registry.members as m
        join registry.import_lines as l on l.run_id = p_run.id and l.external_id = m.external_id
        where m.id = s.other_member_id and l.personnummer_index <> m.personnummer_index))
    union
    select s.member_id from blocked as b join unnest(p_steps) as s on s.other_member_id = b.member_id and s.number = 'duplicate'
  )
  select s.member_id, s.is_new, case when s.is_new then '{}' else array['personnummer'] end, 'write'::private.number_step, null::uuid, s.imported
  from unnest(p_steps) as s
  where s.number in ('duplicate', 'write') and s.member_id not in (select b.member_id from blocked as b)
$$;
comment on function private.moving_numbers is 'In: a run, steps for waiting numbers. Out: steps that write those which can go to their members, once all of these have given up their own.';
-- end db/functions/private.moving_numbers.sql

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

  if exists (select from unnest(p_steps) as s where s.number = 'write' and not s.is_new) then
    perform private.close_moot_cases(p_run.organization_id,
      array(select s.member_id from unnest(p_steps) as s where s.number = 'write' and not s.is_new), 'import');
  end if;
end
$$;
comment on function private.write_import is 'In: a run, its steps. Makes and changes member records; closes cases that this leaves moot.';
-- end db/functions/private.write_import.sql

-- begin db/functions/private.move_numbers.sql
-- Numbers change hands: all are given up first, because a number is only ever on one record.
create or replace function private.move_numbers(p_run registry.import_runs, p_steps private.import_step[])
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  update registry.members as m
  set personnummer_index = null, personnummer_sealed = null, personnummer_masked = null, personnummer_source = null, personnummer_at = null
  where m.id in (select s.member_id from unnest(p_steps) as s) and m.personnummer_index is not null;
  perform private.write_import(p_run, p_steps);
  perform private.record_import(p_run, p_steps);
end
$$;
comment on function private.move_numbers is 'In: a run, steps of private.moving_numbers. Writes them, with their audit events.';
-- end db/functions/private.move_numbers.sql

-- begin db/functions/private.open_import_case.sql
-- A number that an import may not write becomes a case, the same one that a login with that number would open. What the
-- import brought is kept beside the case, sealed, for a coordinator who decides that it is right after all.
create or replace function private.open_import_case(p_run registry.import_runs, p_step private.import_step)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  r constant private.imported_member := p_step.imported;
  v_kind constant registry.conflict_kind := (case p_step.number when 'conflict' then 'mismatch' else 'duplicate' end)::registry.conflict_kind;
  o registry.observations;
  v_id uuid;
begin
  o.organization_id := p_run.organization_id;
  o.member_id := p_step.member_id;
  o.personnummer_index := r.personnummer_index;
  o.personnummer_index_previous := coalesce(r.personnummer_index_previous, '{}');
  o.personnummer_masked := r.personnummer_masked;
  o.explanation := jsonb_build_object('import_run_id', p_run.id, 'line', r.line, 'personnummer', r.personnummer_masked);
  v_id := private.open_conflict(v_kind, o, p_step.member_id, p_step.other_member_id);
  if exists (select from registry.conflicts as known where known.id = v_id and known.seen > 1) then
    return;
  end if;
  insert into registry.offered_numbers
    (conflict_id, personnummer_index, personnummer_index_previous, personnummer_sealed, personnummer_masked)
  values (v_id, r.personnummer_index, o.personnummer_index_previous, r.personnummer_sealed, r.personnummer_masked);
  perform private.record_event('import_' || p_step.number, 'import', p_run.organization_id,
    case p_step.number
      when 'conflict' then format('An import brought another personnummer (%s) than the verified one; the record was left as it is.',
        r.personnummer_masked)
      else format('An import brought the personnummer %s, which another member has; it was not written.', r.personnummer_masked)
    end,
    p_member_id => p_step.member_id, p_conflict_id => v_id,
    p_detail => jsonb_strip_nulls(o.explanation || jsonb_build_object('other_member_id', p_step.other_member_id)));
end
$$;
comment on function private.open_import_case is 'In: a run, a step whose number is not written. Opens the case, or counts it up.';
-- end db/functions/private.open_import_case.sql

-- begin db/functions/private.number_is_verified.sql
-- A number that a login brought or confirmed, or a coordinator chose, is worth more than what an export says: somebody proved
-- it, or judged it. An import does not replace such a number.
create or replace function private.number_is_verified(m registry.members)
returns boolean
language sql stable
set search_path = ''
as $$
  select m.personnummer_index is not null and (
    m.personnummer_source <> 'import' is true
    or exists (
      select from registry.observations as o
      where o.organization_id = m.organization_id and o.member_id = m.id and o.outcome = 'confirmed')
    or exists (
      select from registry.conflicts as c
      where c.organization_id = m.organization_id and c.member_id = m.id and c.kind = 'mismatch'
        and c.state = 'resolved' and c.decision = 'keep_existing'))
$$;
comment on function private.number_is_verified is 'In: a member. Out: whether its number came from, or was confirmed by, a login, or was chosen or kept by a coordinator.';
-- end db/functions/private.number_is_verified.sql

-- begin db/functions/private.waiting_rows.sql
-- Waiting numbers as rows of an import, each number once.
create or replace function private.waiting_rows(p_run_id uuid, p_nth integer)
returns private.imported_member[]
language sql stable
set search_path = ''
as $$
  select coalesce(array_agg(
    row(w.line, w.external_id, null, null, null, null, null, w.personnummer_index, w.personnummer_index_previous, w.personnummer_sealed,
      w.personnummer_masked)::private.imported_member order by w.line), '{}')
  from (
    select known.*, row_number() over (partition by known.personnummer_index order by known.line) as nth
    from registry.waiting_numbers as known where known.run_id = p_run_id
  ) as w
  where w.nth = p_nth
$$;
comment on function private.waiting_rows is 'In: a run, n. Out: of each waiting number the nth row of the file that brought it.';
-- end db/functions/private.waiting_rows.sql

-- begin db/functions/private.settle_waiting.sql
-- All rows of the file have come: the numbers that waited go to their members, or are cases. Of several rows that want the same number
-- the first in the file is looked at first.
create or replace function private.settle_waiting(p_run registry.import_runs)
returns registry.import_runs
language plpgsql volatile
set search_path = ''
as $$
declare
  v_run registry.import_runs := p_run;
  v_nth integer := 0;
  v_rows private.imported_member[];
  v_steps private.import_step[];
  v_moving private.import_step[];
begin
  v_run.columns := '{}'; -- everything else in these rows is written already
  if not v_run.dry_run then
    perform private.lock_waiting(v_run);
  end if;
  loop
    v_nth := v_nth + 1;
    v_rows := private.waiting_rows(v_run.id, v_nth);
    exit when cardinality(v_rows) = 0;
    v_steps := array(select s from private.plan_import(v_run, v_rows) as s);
    v_moving := array(select s from private.moving_numbers(v_run, v_steps) as s);
    v_steps := array(
      select s from unnest(v_steps) as s where not exists (select from unnest(v_moving) as m where m.member_id = s.member_id));
    v_run := private.count_waiting(v_run, v_steps, v_moving);
    if not v_run.dry_run then
      perform private.move_numbers(v_run, v_moving);
      perform private.open_import_case(v_run, s) from unnest(v_steps) as s where s.number in ('duplicate', 'conflict');
    else
      update registry.import_lines as l set personnummer_index = (s.imported).personnummer_index
      from unnest(v_moving) as s where l.run_id = v_run.id and l.external_id = (s.imported).external_id;
    end if;
  end loop;
  delete from registry.waiting_numbers as w where w.run_id = v_run.id;
  v_run.columns := p_run.columns;
  return v_run;
end
$$;
comment on function private.settle_waiting is 'In: a run whose file has been read. Out: the run with its counts. Writes the numbers that can go to their members, and opens cases for the others.';
-- end db/functions/private.settle_waiting.sql

-- begin db/functions/private.end_import.sql
-- A run ends, with one audit event. A dry run leaves no trace. Of one that is given up, what waited is settled with what has come.
create or replace function private.end_import(p_run registry.import_runs, p_state registry.import_state)
returns registry.import_runs
language plpgsql volatile
set search_path = ''
as $$
declare
  v_run constant registry.import_runs := private.settle_waiting(p_run);
begin
  if v_run.dry_run then
    delete from registry.import_runs where id = v_run.id;
    return v_run;
  end if;
  delete from registry.import_lines where run_id = v_run.id;
  update registry.import_runs
  set state = p_state, ended_at = clock_timestamp(),
      (updated, unchanged, duplicates, conflicts) = (v_run.updated, v_run.unchanged, v_run.duplicates, v_run.conflicts)
  where id = v_run.id;
  perform private.record_event('import_' || p_state, 'import', v_run.organization_id,
    format('An import of members was %s after %s rows: %s added, %s changed, %s unchanged, %s rejected.', p_state,
      v_run.records_done, v_run.added, v_run.updated, v_run.unchanged, v_run.rejected),
    p_detail => jsonb_build_object('import_run_id', v_run.id, 'fingerprint', v_run.fingerprint, 'records', v_run.records_done,
      'added', v_run.added, 'updated', v_run.updated, 'unchanged', v_run.unchanged, 'rejected', v_run.rejected,
      'duplicates', v_run.duplicates, 'conflicts', v_run.conflicts));
  return v_run;
end
$$;
comment on function private.end_import is 'In: a running import, finished or abandoned. Out: the run with its last counts. Ends it.';
-- end db/functions/private.end_import.sql

-- begin db/functions/import.finish_run.sql
-- The door's last call, when every record of the file has arrived.
create or replace function import.finish_run(run_id uuid)
returns table (records_done integer, added integer, updated integer, unchanged integer, duplicates integer, conflicts integer, rejected integer)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  v_run constant registry.import_runs := private.end_import(private.lock_run(finish_run.run_id), 'finished');
begin
  return query select v_run.records_done, v_run.added, v_run.updated, v_run.unchanged, v_run.duplicates, v_run.conflicts, v_run.rejected;
end
$$;
comment on function import.finish_run is 'In: a running import. Out: its counts. Settles the numbers that waited for the end of the file, and ends it. Raises PN006.';
grant execute on function import.finish_run to member_importer;
-- end db/functions/import.finish_run.sql

-- begin db/functions/private.keep_waiting.sql
-- A number that another member has may be given up by that member in a later row of the same file. So it waits until all rows have come.
create or replace function private.keep_waiting(p_run registry.import_runs, p_steps private.import_step[])
returns void
language sql volatile
set search_path = ''
as $$
  insert into registry.waiting_numbers (run_id, line, external_id, personnummer_index, personnummer_index_previous, personnummer_sealed,
    personnummer_masked, counted_unchanged)
  select p_run.id, r.line, r.external_id, r.personnummer_index, coalesce(r.personnummer_index_previous, '{}'), r.personnummer_sealed,
    r.personnummer_masked, not s.is_new and s.changed = '{}'
  from unnest(p_steps) as s cross join lateral (select (s.imported).*) as r
  where s.number = 'duplicate'
$$;
comment on function private.keep_waiting is 'In: a run, its steps. Keeps the numbers that other members have until the file has been read.';
-- end db/functions/private.keep_waiting.sql

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

-- begin db/functions/private.read_rows.sql
-- Rows as the program hands them over. A member can stand in a file once only; while an organisation has not recorded its legal
-- basis, numbers are dropped here, as they are for logins (design section 7).
create or replace function private.read_rows(p_run registry.import_runs, p_rows jsonb)
returns table (imported private.imported_member, is_first boolean)
language sql stable
set search_path = ''
as $$
  select r,
    row_number() over (partition by r.external_id order by r.line) = 1
      and not exists (select from registry.import_lines as l where l.run_id = p_run.id and l.external_id = r.external_id and not l.rejected)
  from registry.organizations as g
  cross join lateral jsonb_array_elements(p_rows) as e(element)
  cross join lateral jsonb_populate_record(null::private.imported_member, case when g.capture then e.element else e.element
    - array['personnummer_index', 'personnummer_index_previous', 'personnummer_sealed', 'personnummer_masked'] end) as r
  where g.id = p_run.organization_id
$$;
comment on function private.read_rows is 'In: a run, rows as JSON. Out: the rows, and whether the file has had no row with that external id before.';
-- end db/functions/private.read_rows.sql

-- begin db/functions/private.reject_rows.sql
-- Rows that are not imported are remembered by line and reason; the file of rejected rows is written from here, so that a
-- killed import loses none and lists none twice. Whose row it was is in the file all the same, and not absent.
create or replace function private.reject_rows(p_run_id uuid, p_rejections jsonb)
returns integer
language sql volatile
set search_path = ''
as $$
  with rejected as (
    insert into registry.import_rejections (run_id, line, reasons)
    select p_run_id, r.line, r.reasons
    from jsonb_to_recordset(p_rejections) as r(line integer, reasons text[])
    on conflict (run_id, line) do nothing
    returning 1
  ), present as (
    insert into registry.import_lines (run_id, external_id, rejected)
    select distinct p_run_id, r.external_id, true
    from jsonb_to_recordset(p_rejections) as r(external_id text) where r.external_id is not null
    on conflict (run_id, external_id) do nothing
  )
  select count(*)::integer from rejected
$$;
comment on function private.reject_rows is 'In: a run, [{line, reasons, external_id}]; external_id null: could not be read. Out: how many were new.';
-- end db/functions/private.reject_rows.sql

-- begin db/functions/private.fill_member.sql
-- The member record gets its missing number. The caller holds the locks; the condition is there all the same, so that
-- nothing is ever overwritten. A coordinator may have parted the login from the member while it waited for the record: processed
-- again, it climbs the ladder.
create or replace function private.fill_member(p_observation registry.observations)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  update registry.members
  set personnummer_index = p_observation.personnummer_index,
      personnummer_sealed = p_observation.personnummer_sealed,
      personnummer_masked = p_observation.personnummer_masked,
      personnummer_source = p_observation.source,
      personnummer_at = clock_timestamp()
  where id = p_observation.member_id and personnummer_index is null and exists (
    select from registry.identity_links as l
    where l.organization_id = p_observation.organization_id and l.issuer = p_observation.issuer and l.subject = p_observation.subject
      and l.member_id = p_observation.member_id);
  if not found then
    raise exception 'The record got a number meanwhile, or the login was parted from it.' using errcode = 'serialization_failure';
  end if;
end
$$;
comment on function private.fill_member is 'In: an observation whose member has no number. Writes it, with source and time.';
-- end db/functions/private.fill_member.sql

-- begin db/functions/private.act_on_outcome.sql
-- What follows from an outcome: the record, the case, the push, and always exactly one audit event named like the outcome.
create or replace function private.act_on_outcome(
  p_observation registry.observations, p_other_member_id uuid, p_finding private.finding
)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  o constant registry.observations := p_observation;
  v_push_id uuid;
  v_conflict_id uuid;
begin
  case
    when o.outcome = 'filled' then
      perform private.fill_member(o);
      v_push_id := private.queue_push(o.member_id, o.id);
      if exists (select from registry.conflicts as c where c.organization_id = o.organization_id and c.member_id = o.member_id and c.state = 'open') then
        perform private.close_moot_cases(o.organization_id, array[o.member_id], o.source::text);
      end if;
    when o.outcome = 'confirmed' and o.personnummer_index_previous <> '{}' then
      perform private.renew_index(o);
    when o.outcome = 'conflict' then
      v_conflict_id := private.open_conflict('mismatch', o, o.member_id, p_other_member_id);
    when o.outcome = 'duplicate' then
      v_conflict_id := private.open_conflict('duplicate', o, o.member_id, p_other_member_id);
    when p_finding.verdict = 'subject_moved' then
      v_conflict_id := private.open_conflict('subject_moved', o, p_finding.candidates[1], p_finding.candidates[2]);
    when o.outcome in ('ambiguous', 'name_mismatch') then
      v_conflict_id := private.open_conflict(o.outcome::text::registry.conflict_kind, o, p_candidates => p_finding.candidates);
    else
      null; -- absent and unlinked change nothing, nor does a number that is recorded already
  end case;
  if o.inconsistency = 'numbers_differ' then
    v_conflict_id := private.open_conflict('inconsistent', o, o.member_id);
  end if;
  perform private.record_event(o.outcome::text, o.source::text, o.organization_id, private.outcome_sentence(o),
    o.member_id, o.id, v_conflict_id, v_push_id, private.outcome_detail(o, v_conflict_id));
end
$$;
comment on function private.act_on_outcome is 'In: a decided observation, the other member who has the number, the finding. Writes record, case, push and audit event.';
-- end db/functions/private.act_on_outcome.sql

-- begin db/functions/private.judge_number.sql
-- What does the observed number mean for this member's record? Read without a lock first: a login that only confirms, the
-- daily case, waits for nobody. Otherwise the number and then the record are locked, and the record is read again, because
-- two logins may both have seen it empty (security-and-reliability C1, C2, C4).
create or replace function private.judge_number(p_observation registry.observations)
returns private.judgement
language plpgsql volatile
set search_path = ''
as $$
declare
  v_indexes constant text[] := p_observation.personnummer_index || p_observation.personnummer_index_previous;
  v_recorded text;
  v_other uuid;
begin
  if p_observation.personnummer_index is null then
    return row('absent', null)::private.judgement;
  end if;
  select m.personnummer_index into v_recorded from registry.members as m where m.id = p_observation.member_id;
  if v_recorded is distinct from p_observation.personnummer_index then
    perform private.lock_number(p_observation.organization_id, p_observation.personnummer_masked);
    select m.personnummer_index into v_recorded from registry.members as m
    where m.id = p_observation.member_id and m.merged_into is null for no key update;
    if not found then
      raise exception 'The record was merged into another meanwhile.' using errcode = 'serialization_failure';
    end if;
  end if;
  if v_recorded = any (v_indexes) then
    return row('confirmed', null)::private.judgement;
  end if;
  select m.id into v_other from registry.members as m
  where m.organization_id = p_observation.organization_id and m.personnummer_index = any (v_indexes);
  return row(
    case when v_recorded is not null then 'conflict' when v_other is not null then 'duplicate' else 'filled' end,
    v_other
  )::private.judgement;
end
$$;
comment on function private.judge_number is 'In: an observation with its member. Out: filled, confirmed, conflict, duplicate or absent, and who else has the number. Locks the record unless it agrees.';
-- end db/functions/private.judge_number.sql

-- begin db/functions/private.link_identity.sql
-- Remembers which member a login belongs to, with the reason. A coordinator may be merging the record at this moment: its links have
-- moved then, and a new one would stay behind on a record that nobody finds again. So whoever links meets whoever merges at the record.
create or replace function private.link_identity(p_observation registry.observations, p_finding private.finding)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  perform from registry.members as m where m.id = p_observation.member_id and m.merged_into is null for no key update;
  if not found then
    raise exception 'The record was merged into another meanwhile.' using errcode = 'serialization_failure';
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

-- begin db/functions/worker.finish_pushes.sql
-- The same door for many deliveries at once, and for what comes next: one round trip and one commit a push, instead of five. It
-- takes the ordinary ones only, after which nothing else is to be put right: no breaker, no case, no older value that was overtaken.
-- Whatever is left out has changed nothing and is reported one at a time (worker.finish_push). The commit is not waited for on the
-- disk: what a crash of the server takes back is a push that is being sent, and is sent again under the same key.
create or replace function worker.finish_pushes(
  push_ids uuid[], fencing_tokens bigint[], worker_ids text[], http_statuses integer[], durations_ms integer[], next_worker_ids text[]
)
returns table (
  finished uuid[], push_id uuid, worker_id text, fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid,
  external_id text, personnummer_sealed text, personnummer_index text, member_system jsonb,
  lease_ms integer, delay_ms integer, status_url text, overdue boolean
)
language plpgsql volatile security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  v_done record;
  v_next record;
begin
  v_done := private.lock_ordinary_deliveries(finish_pushes.push_ids, finish_pushes.fencing_tokens, finish_pushes.worker_ids);
  finished := coalesce(v_done.ids, '{}');
  if v_done.ids is null then
    return next;
    return;
  end if;
  perform set_config('synchronous_commit', 'off', true);
  perform private.record_deliveries(v_done.ids, finish_pushes.push_ids, finish_pushes.http_statuses, finish_pushes.durations_ms);
  return next;
  v_next := private.lock_next_pushes(v_done.organization_ids, array(
    select finish_pushes.next_worker_ids[array_position(finish_pushes.push_ids, done.id)]
    from unnest(v_done.ids) with ordinality as done(id, nth) order by done.nth), v_done.slots);
  if v_next.ids is not null then
    return query select null::uuid[], c.* from private.claim_locked(v_next.ids, v_next.worker_ids, v_next.slots) as c;
    -- The claim takes the place of the job, and a lease that runs out makes a new one. What was not claimed, because its place was
    -- taken meanwhile, keeps its job, and so does one that somebody is fetching at this moment, and who finds the push taken.
    perform graphile_worker.complete_jobs(array(
      select next.job_id from unnest(v_next.ids, v_next.job_ids) as next(id, job_id)
      join sync.pushes as p on p.id = next.id and p.state = 'sending'));
  end if;
end
$$;
comment on function worker.finish_pushes is 'In: pushes that were delivered, and beside each its fencing token, the name it was claimed under, HTTP status, duration in milliseconds, and the name under which to claim the next one (null: none). Out: first those that are settled (the others have to be reported one at a time), then the claims, as worker.claim_push.';
grant execute on function worker.finish_pushes to sync_worker;
-- end db/functions/worker.finish_pushes.sql

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
