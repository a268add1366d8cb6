-- migrate:up
-- Written by `npm run db:freeze`. Edit db/functions/, never this file.
set local role registry_owner;

-- begin db/functions/api.data_quality.sql
-- How an organisation stands: the figures its board and Bufdir ask about.
create or replace view api.data_quality with (security_invoker = true) as
select
  g.slug as organization, m.members, m.with_number, o.confirmed_last_12_months,
  coalesce(c.open_cases, 0) as open_cases, coalesce(c.by_kind, '{}') as open_cases_by_kind, c.oldest_open_case,
  p.pending_pushes, p.failed_pushes
from registry.organizations as g
cross join lateral (
  select count(*) as members, count(known.personnummer_masked) as with_number
  from registry.members as known where known.organization_id = g.id and known.merged_into is null
) as m
cross join lateral (
  select count(distinct seen.member_id) as confirmed_last_12_months
  from registry.observations as seen
  where seen.organization_id = g.id and seen.outcome in ('filled', 'confirmed') and seen.received_at > now() - interval '12 months'
) as o
cross join lateral (
  select sum(k.n)::bigint as open_cases, jsonb_object_agg(k.kind, k.n) as by_kind, min(k.oldest) as oldest_open_case
  from (
    select known.kind, count(*) as n, min(known.opened_at) as oldest
    from registry.conflicts as known where known.organization_id = g.id and known.state = 'open' group by known.kind
  ) as k
) as c
cross join lateral (
  select count(*) filter (where known.settled_at is null) as pending_pushes,
         count(*) filter (where known.state in ('rejected', 'given_up')) as failed_pushes
  from sync.pushes as known where known.organization_id = g.id
) as p;
comment on view api.data_quality is 'Per organisation: members, how many have a number, how many were confirmed or filled by a login in the last 12 months, open cases by kind and the oldest, pushes that wait and that failed.';
grant select on api.data_quality to authenticated;
-- end db/functions/api.data_quality.sql

-- begin db/functions/api.failed_syncs.sql
-- Changes that have not reached the member system: refused, given up, or still being tried after a failure.
create or replace view api.failed_syncs with (security_invoker = true) as
select
  p.id as push_id, g.slug as organization, p.member_id, m.external_id as member_external_id, p.state, p.attempts,
  p.error_code, p.http_status, p.next_attempt_at, p.created_at, p.settled_at
from sync.pushes as p
join registry.organizations as g on g.id = p.organization_id
join registry.members as m on m.id = p.member_id
where p.state in ('rejected', 'given_up') or (p.settled_at is null and p.error_code is not null);
comment on view api.failed_syncs is 'Pushes of the coordinator''s organisations that failed, with the reason and the next try.';
grant select on api.failed_syncs to authenticated;
-- end db/functions/api.failed_syncs.sql

-- begin db/functions/api.unlinked_logins.sql
-- People who logged in and could not be taken for a member, and whose login still belongs to nobody.
create or replace view api.unlinked_logins with (security_invoker = true) as
select
  o.id as observation_id, g.slug as organization, o.provider, o.outcome, o.received_at, o.given_name, o.family_name, o.birth_date,
  o.personnummer_masked, o.explanation
from registry.observations as o
join registry.organizations as g on g.id = o.organization_id
where o.outcome in ('unlinked', 'ambiguous', 'name_mismatch')
  and not exists (
    select from registry.identity_links as l
    where l.organization_id = o.organization_id and l.issuer = o.issuer and l.subject = o.subject);
comment on view api.unlinked_logins is 'Logins in the coordinator''s organisations that matched no member with certainty.';
grant select on api.unlinked_logins to authenticated;
-- end db/functions/api.unlinked_logins.sql

-- begin db/functions/private.actor.sql
-- Audit rows name who acted: a coordinator is known by the access token that PostgREST has verified, a program by its login.
create or replace function private.actor()
returns text
language sql stable
set search_path = ''
as $$
  select coalesce(
    'coordinator:' || nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', ''),
    session_user::text
  )
$$;
comment on function private.actor is 'Out: coordinator:<user id> when called through PostgREST, otherwise the database login.';
-- end db/functions/private.actor.sql

-- begin db/functions/private.describe_case.sql
-- What the functions of the API answer about a case.
create or replace function private.describe_case(c registry.conflicts)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object(
    'conflict_id', c.id, 'kind', c.kind, 'state', c.state, 'decision', c.decision, 'version', c.version,
    'undo_until', (select r.decided_at + interval '30 days' from registry.resolutions as r where r.conflict_id = c.id and r.undone_at is null))
$$;
comment on function private.describe_case is 'In: a case. Out: id, kind, state, decision, version, and until when the decision can be undone.';
-- end db/functions/private.describe_case.sql

-- begin db/functions/private.record_event.sql
-- The only writer of audit.events. The message carries no member id of the organisation's: some organisations use numbers
-- of eleven digits there, and an audit row must never look as if it held a personnummer.
create or replace function private.record_event(
  p_event text, p_source text, p_organization_id uuid, p_message text,
  p_member_id uuid default null, p_observation_id uuid default null,
  p_conflict_id uuid default null, p_push_id uuid default null, p_detail jsonb default '{}'
)
returns void
language sql volatile
set search_path = ''
as $$
  insert into audit.events
    (event, source, actor, organization_id, message, member_id, observation_id, conflict_id, push_id, detail)
  values
    (p_event, p_source, private.actor(), p_organization_id, p_message, p_member_id, p_observation_id, p_conflict_id, p_push_id, p_detail)
$$;
comment on function private.record_event is 'In: one thing that happened. Appends it to audit.events with the time and the actor.';
-- end db/functions/private.record_event.sql

-- begin db/functions/private.record_case_event.sql
-- Audit events about a case all name the same ids.
create or replace function private.record_case_event(p_event text, p_conflict registry.conflicts, p_message text)
returns void
language sql volatile
set search_path = ''
as $$
  select private.record_event(p_event, 'coordinator', p_conflict.organization_id, p_message,
    p_member_id => coalesce(p_conflict.member_id, p_conflict.candidates[1]), p_observation_id => p_conflict.observation_id,
    p_conflict_id => p_conflict.id, p_push_id => p_conflict.push_id,
    p_detail => jsonb_strip_nulls(jsonb_build_object('kind', p_conflict.kind, 'decision', p_conflict.decision, 'version', p_conflict.version)))
$$;
comment on function private.record_case_event is 'In: event, case, sentence. Appends the audit event.';
-- end db/functions/private.record_case_event.sql

-- begin db/functions/private.close_case.sql
-- A case is settled: the decision is written on it, kept with what undo needs, and audited with the coordinator as actor.
create or replace function private.close_case(
  p_conflict registry.conflicts, p_decision registry.decision, p_note text, p_before jsonb
)
returns jsonb
language plpgsql volatile
set search_path = ''
as $$
declare
  c registry.conflicts;
begin
  update registry.conflicts
  set state = 'resolved', decision = p_decision, decided_by = private.actor(), note = p_note, closed_at = clock_timestamp(),
      version = version + 1
  where id = p_conflict.id
  returning * into c;
  insert into registry.resolutions (organization_id, conflict_id, decision, decided_by, before)
  values (c.organization_id, c.id, p_decision, c.decided_by, p_before);
  perform private.record_case_event('case_resolved', c, format('A coordinator settled the case: %s.', replace(p_decision::text, '_', ' ')));
  return private.describe_case(c);
end
$$;
comment on function private.close_case is 'In: a locked case, decision, note, the state before. Out: the settled case, for the caller.';
-- end db/functions/private.close_case.sql

-- begin db/functions/private.coordinator_organizations.sql
-- What a coordinator may see is looked up at every request, so that removing a row in registry.coordinators works at once.
-- Policies call this once per query, wrapped in a scalar subquery. No claim but the subject is read, and only when PostgREST
-- has verified the token; unset and empty settings both deny (security-and-reliability D9, R4).
create or replace function private.coordinator_organizations()
returns uuid[]
language sql stable security definer
set search_path = ''
as $$
  select coalesce(array_agg(c.organization_id), '{}')
  from registry.coordinators as c
  where c.user_id::text = nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
$$;
comment on function private.coordinator_organizations is 'Out: the organisations that the caller of the API is a coordinator of.';
grant execute on function private.coordinator_organizations to authenticated;
-- end db/functions/private.coordinator_organizations.sql

-- begin db/functions/private.fills_gap.sql
-- Whether an observed number may go into a record without replacing anything, or taking it from anybody.
create or replace function private.fills_gap(p_observation registry.observations, p_member_id uuid)
returns boolean
language sql stable
set search_path = ''
as $$
  select p_observation.personnummer_index is not null
    and exists (select from registry.members as m where m.id = p_member_id and m.personnummer_index is null)
    and not exists (
      select from registry.members as m
      where m.organization_id = p_observation.organization_id
        and m.personnummer_index = any (p_observation.personnummer_index || p_observation.personnummer_index_previous))
$$;
comment on function private.fills_gap is 'In: an observation, a member. Out: whether the member has no number and nobody has the observed one.';
-- end db/functions/private.fills_gap.sql

-- begin db/functions/private.linked_member.sql
-- First rung of the ladder: a login that was linked before stays linked, whatever phone, e-mail or name say now.
create or replace function private.linked_member(p_observation registry.observations)
returns uuid
language sql stable
set search_path = ''
as $$
  select l.member_id
  from registry.identity_links as l
  where l.organization_id = p_observation.organization_id
    and l.issuer = p_observation.issuer
    and l.subject = p_observation.subject
$$;
comment on function private.linked_member is 'In: an observation. Out: the member its issuer and subject are linked to, or null.';
-- end db/functions/private.linked_member.sql

-- begin db/functions/private.lock_number.sql
-- "Nobody has this number yet" is no row that could be locked. Everybody about to give a number to a member of the
-- organisation meets here instead. The masked form is the same under every version of the index key, also while one is
-- being rotated; that a few people of one birth date share it costs them a moment's wait.
create or replace function private.lock_number(p_organization_id uuid, p_masked text)
returns void
language sql volatile
set search_path = ''
as $$
  select pg_catalog.pg_advisory_xact_lock(
    pg_catalog.hashtextextended('personnummer ' || p_organization_id || ' ' || p_masked, 0))
$$;
comment on function private.lock_number is 'In: organisation, masked number. Waits until no other transaction is giving such a number to a member there.';
-- end db/functions/private.lock_number.sql

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
    ('already_linked', 409, 'The login is linked to a member already.'),
    ('member_merged', 409, 'The member was merged into another record. Use the surviving one.'),
    ('not_failed', 409, 'The push has not failed.'),
    ('not_resolved', 409, 'The case has no decision that could be undone.'),
    ('too_late', 409, 'A decision can be undone for 30 days.'),
    ('newer_change', 409, 'Something newer depends on this decision. Undo or settle that first.')
$$;
comment on function private.refusals is 'Out: code, HTTP status and message of every refusal.';
-- end db/functions/private.refusals.sql

-- begin db/functions/private.refuse.sql
-- A refusal is an answer, not an exception: raised, it would roll back its own audit row (security-and-reliability A8).
-- PostgREST takes the HTTP status from the setting response.status, and commits.
create or replace function private.refuse(p_action text, p_code text, p_id uuid)
returns jsonb
language plpgsql volatile
set search_path = ''
as $$
declare
  v_message text;
  v_status integer;
begin
  select r.status, r.message into v_status, v_message from private.refusals() as r where r.code = p_code;
  perform set_config('response.status', v_status::text, true);
  perform private.record_event('refused', 'coordinator', null, format('Refused: %s (%s).', p_action, replace(p_code, '_', ' ')),
    p_detail => jsonb_build_object('action', p_action, 'code', p_code, 'id', p_id));
  return jsonb_build_object('code', p_code, 'message', v_message, 'details', null, 'hint', null);
end
$$;
comment on function private.refuse is 'In: what was asked, code of the refusal, the id asked about. Out: the answer, in the shape supabase-js reads errors from. Sets the HTTP status and appends the audit event.';
-- end db/functions/private.refuse.sql

-- begin db/functions/private.set_link.sql
-- A coordinator says whose login it is. The only place where a link ever moves from one member to another.
create or replace function private.set_link(p_observation registry.observations, p_member_id uuid)
returns jsonb
language plpgsql volatile
set search_path = ''
as $$
declare
  v_before constant uuid := private.linked_member(p_observation);
begin
  insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, rung)
  values (p_observation.organization_id, p_observation.issuer, p_observation.subject, p_member_id, p_observation.provider, 'coordinator')
  on conflict (organization_id, issuer, subject)
    do update set member_id = excluded.member_id, rung = excluded.rung, explanation = '{}';
  delete from registry.excluded_links as x
  where (x.organization_id, x.issuer, x.subject, x.member_id)
      = (p_observation.organization_id, p_observation.issuer, p_observation.subject, p_member_id);
  perform private.record_event(case when v_before is null then 'linked' else 'link_moved' end, 'coordinator',
    p_observation.organization_id, 'A coordinator linked the login to the member.',
    p_member_id => p_member_id, p_observation_id => p_observation.id,
    p_detail => jsonb_strip_nulls(jsonb_build_object('rung', 'coordinator', 'before', v_before)));
  return jsonb_build_object('link', jsonb_build_object('before', v_before, 'after', p_member_id));
end
$$;
comment on function private.set_link is 'In: an observation, a member. Out: the link before, for undo. Links the observation''s login to the member.';
-- end db/functions/private.set_link.sql

-- begin db/functions/private.number_of.sql
-- A record's number in all its stored forms, kept with a decision so that it can be taken back.
create or replace function private.number_of(p_member_id uuid)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object('member_id', m.id, 'index', m.personnummer_index, 'sealed', m.personnummer_sealed,
    'masked', m.personnummer_masked, 'source', m.personnummer_source, 'at', m.personnummer_at)
  from registry.members as m where m.id = p_member_id
$$;
comment on function private.number_of is 'In: a member. Out: index, sealed and masked number, source and time.';
-- end db/functions/private.number_of.sql

-- begin db/functions/private.enqueue.sql
-- The only caller of graphile-worker's add_job. Task name, payload, key and number of attempts are fixed here, so that no
-- caller can queue anything else. Payloads hold ids only: a failed job stays in the queue's tables for anyone to read.
create or replace function private.enqueue(p_task private.task, p_id uuid, p_run_at timestamptz default null)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  -- Under contention on one key add_job can answer NULL and drop the request; a change must not be lost by that.
  if (graphile_worker.add_job(
    identifier => p_task::text,
    payload => json_build_object(case p_task when 'push_personnummer' then 'push_id' else 'observation_id' end, p_id),
    job_key => p_task || ':' || p_id,
    run_at => p_run_at,
    max_attempts => 25
  )).id is null then
    raise exception 'The job queue did not take the job.' using errcode = 'PN010';
  end if;
end
$$;
comment on function private.enqueue is 'In: task, the id it is about, earliest time (null: now). Queues the job in this transaction; raises PN010 if the queue refuses.';
-- end db/functions/private.enqueue.sql

-- begin db/functions/private.record_push_event.sql
-- Audit events about a push all name the same ids.
create or replace function private.record_push_event(p_event text, p_push sync.pushes, p_message text)
returns void
language sql volatile
set search_path = ''
as $$
  select private.record_event(p_event, 'worker', p_push.organization_id, p_message,
    p_member_id => p_push.member_id, p_observation_id => p_push.observation_id, p_push_id => p_push.id,
    p_detail => jsonb_strip_nulls(jsonb_build_object(
      'attempt', p_push.attempts, 'error_code', p_push.error_code, 'http_status', p_push.http_status, 'worker', p_push.leased_by)))
$$;
comment on function private.record_push_event is 'In: event, push, sentence. Appends the audit event.';
-- end db/functions/private.record_push_event.sql

-- begin db/functions/private.supersede_pushes.sql
-- A newer change of the same member makes waiting pushes moot. One that is being sent right now is left alone: the worker
-- sees for itself, when it reports, that the record has moved on.
create or replace function private.supersede_pushes(p_member_id uuid)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  v_push sync.pushes;
begin
  for v_push in
    update sync.pushes set state = 'superseded', settled_at = clock_timestamp(), next_attempt_at = null
    where member_id = p_member_id and state = 'pending'
    returning *
  loop
    perform private.record_push_event('push_superseded', v_push, 'The push was dropped: the record has changed since.');
  end loop;
end
$$;
comment on function private.supersede_pushes is 'In: a member. Marks the pushes that wait as superseded.';
-- end db/functions/private.supersede_pushes.sql

-- begin db/functions/private.queue_push.sql
-- The change is to reach the member system. Row and job are written with the change itself, in one transaction: neither is
-- ever there without the other (security-and-reliability C9).
create or replace function private.queue_push(p_member_id uuid, p_observation_id uuid default null)
returns uuid
language plpgsql volatile
set search_path = ''
as $$
declare
  v_push sync.pushes;
begin
  perform private.supersede_pushes(p_member_id);
  insert into sync.pushes (organization_id, member_id, observation_id, personnummer_index)
  select m.organization_id, m.id, p_observation_id, m.personnummer_index from registry.members as m where m.id = p_member_id
  returning * into strict v_push;
  perform private.enqueue('push_personnummer', v_push.id);
  return v_push.id;
end
$$;
comment on function private.queue_push is 'In: a member whose number changed, and the login that caused it. Out: id of the push that will carry it.';
-- end db/functions/private.queue_push.sql

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
      personnummer_source = p_observation.source,
      personnummer_at = clock_timestamp()
  where id = p_member_id
  returning version into v_version;
  perform private.record_event('number_accepted', 'coordinator', p_observation.organization_id,
    format('A coordinator gave the record the personnummer %s that %s brought.', p_observation.personnummer_masked, p_observation.source),
    p_member_id => p_member_id, p_observation_id => p_observation.id, p_conflict_id => p_conflict_id,
    p_push_id => private.queue_push(p_member_id, p_observation.id));
  return jsonb_build_object('number', v_before, 'version_after', v_version);
end
$$;
comment on function private.set_number is 'In: an observation, a member, the case. Out: the number before, for undo. Writes the number, queues the push.';
-- end db/functions/private.set_number.sql

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
begin
  select known.* into o from registry.observations as known
  where known.id = p_observation_id and known.organization_id = any (private.coordinator_organizations());
  perform private.lock_number(o.organization_id, o.personnummer_masked) where o.personnummer_masked is not null;
  select known.* into m from registry.members as known
  where known.id = p_member_id and known.organization_id = o.organization_id for no key update;
  v_refusal := case
    when o.id is null or m.id is null then 'not_found'
    when private.linked_member(o) is not null then 'already_linked'
    when m.merged_into is not null then 'member_merged'
  end;
  if v_refusal is not null then
    return private.refuse('link_login', v_refusal, p_observation_id);
  end if;
  v_before := private.set_link(o, m.id);
  if private.fills_gap(o, m.id) then
    v_before := v_before || private.set_number(o, m.id, null);
  end if;
  for c in
    select known.* from registry.conflicts as known join registry.observations as seen on seen.id = known.observation_id
    where known.organization_id = o.organization_id and known.state = 'open' and known.kind in ('ambiguous', 'name_mismatch')
      and (seen.issuer, seen.subject) = (o.issuer, o.subject)
    order by known.id for update of known
  loop
    perform private.close_case(c, 'link_login', p_note, v_before);
  end loop;
  return jsonb_build_object('observation_id', o.id, 'member_id', m.id, 'linked', true);
end
$$;
comment on function private.link_login is 'See api.link_login.';
grant execute on function private.link_login to authenticated;
-- end db/functions/private.link_login.sql

-- begin db/functions/api.link_login.sql
-- A coordinator says whose login it is.
create or replace function api.link_login(observation_id uuid, member_id uuid, note text default null)
returns jsonb
language sql volatile
set search_path = ''
begin atomic
  select private.link_login(link_login.observation_id, link_login.member_id, link_login.note);
end;
comment on function api.link_login is 'In: a login that matched nobody with certainty (api.unlinked_logins), the member it belongs to, a note. Out: the link, or a refusal with code and message (HTTP 404, 409).';
grant execute on function api.link_login to authenticated;
-- end db/functions/api.link_login.sql

-- begin db/functions/api.member_history.sql
-- What happened to a member, in order.
create or replace view api.member_history with (security_invoker = true) as
select
  e.id as event_id, g.slug as organization, e.member_id, m.external_id as member_external_id, e.occurred_at, e.event, e.source,
  e.message, e.observation_id, e.conflict_id, e.push_id
from audit.events as e
join registry.organizations as g on g.id = e.organization_id
join registry.members as m on m.id = e.member_id;
comment on view api.member_history is 'Audit events about members of the coordinator''s organisations.';
grant select on api.member_history to authenticated;
-- end db/functions/api.member_history.sql

-- begin db/functions/api.open_conflicts.sql
-- What a coordinator has to judge. Numbers are masked, and only the own organisations' rows pass row security.
create or replace view api.open_conflicts with (security_invoker = true) as
select
  c.id, g.slug as organization, c.kind, c.state, c.version, c.opened_at, c.seen, c.last_seen_at,
  c.member_id, m.external_id as member_external_id, m.given_name as member_given_name, m.family_name as member_family_name,
  m.personnummer_masked as recorded_personnummer,
  c.other_member_id, n.external_id as other_member_external_id,
  c.candidates, c.observation_id, o.provider, o.personnummer_masked as observed_personnummer,
  o.given_name as observed_given_name, o.family_name as observed_family_name, o.authenticated_at,
  c.push_id, c.detail
from registry.conflicts as c
join registry.organizations as g on g.id = c.organization_id
left join registry.members as m on m.id = c.member_id
left join registry.members as n on n.id = c.other_member_id
left join registry.observations as o on o.id = c.observation_id
where c.state = 'open';
comment on view api.open_conflicts is 'Open cases of the coordinator''s organisations. Numbers are masked.';
grant select on api.open_conflicts to authenticated;
-- end db/functions/api.open_conflicts.sql

-- begin db/functions/private.accept_observed.sql
-- The login is the member's, and right. For a case about identity the login is linked, and a number fills an empty record only:
-- one that differs is a question of its own, which the next login brings up. For a mismatch the record takes the number.
create or replace function private.accept_observed(c registry.conflicts)
returns jsonb
language plpgsql volatile
set search_path = ''
as $$
declare
  v_member_id constant uuid := coalesce(c.member_id, c.candidates[1]);
  o registry.observations;
  v_before jsonb := '{}'::jsonb;
begin
  select known.* into strict o from registry.observations as known where known.id = c.observation_id;
  if c.kind <> 'mismatch' then
    v_before := private.set_link(o, v_member_id);
  end if;
  if c.kind = 'mismatch' or private.fills_gap(o, v_member_id) then
    v_before := v_before || private.set_number(o, v_member_id, c.id);
  end if;
  return v_before;
end
$$;
comment on function private.accept_observed is 'In: a locked case. Out: the state before. Links the login and gives the record the observed number, as the kind of the case asks.';
-- end db/functions/private.accept_observed.sql

-- begin db/functions/private.lock_case.sql
-- Everything a decision about a case may touch, locked in the common order (number, members, case), so that a member who
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
    perform private.lock_number(o.organization_id, o.personnummer_masked)
    from registry.observations as o where o.id = c.observation_id and o.personnummer_masked is not null;
    perform from registry.members as m
    where m.id = any (c.candidates || array[c.member_id, c.other_member_id]) order by m.id for no key update;
    select known.* into c from registry.conflicts as known where known.id = p_conflict_id for update;
  end if;
  return c;
end
$$;
comment on function private.lock_case is 'In: id of a case. Out: the case as it is once everything it concerns is locked; null when the caller may not see it.';
-- end db/functions/private.lock_case.sql

-- begin db/functions/private.move_to_member.sql
-- Moves logins, observations and sessions from one member record to another; given the ids, moves just those (undo does).
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
  )
  select jsonb_build_object('moved', jsonb_build_object(
    'links', coalesce((select jsonb_agg(id) from links), '[]'),
    'observations', coalesce((select jsonb_agg(id) from observations), '[]'),
    'sessions', coalesce((select jsonb_agg(id) from sessions), '[]')))
$$;
comment on function private.move_to_member is 'In: organisation, member from, member to, ids to move (null: all). Out: ids of what was moved.';
-- end db/functions/private.move_to_member.sql

-- begin db/functions/private.supersede_cases.sql
-- Other open cases about a record that is no more are moot.
create or replace function private.supersede_cases(p_conflict registry.conflicts, p_because text)
returns jsonb
language plpgsql volatile
set search_path = ''
as $$
declare
  c registry.conflicts;
  v_ids jsonb := '[]'::jsonb;
begin
  for c in
    update registry.conflicts
    set state = 'superseded', superseded_by = p_because, closed_at = clock_timestamp(), version = version + 1
    where organization_id = p_conflict.organization_id and id <> p_conflict.id and state = 'open'
      and p_conflict.member_id in (member_id, other_member_id)
    returning *
  loop
    perform private.record_case_event('case_superseded', c, p_because);
    v_ids := v_ids || to_jsonb(c.id);
  end loop;
  return v_ids;
end
$$;
comment on function private.supersede_cases is 'In: a case whose member is no more, the reason. Out: ids of the other open cases that were closed by it.';
-- end db/functions/private.supersede_cases.sql

-- begin db/functions/private.merge_members.sql
-- Two records are one person: the record of the case is merged into the other one. Logins, observations and sessions go to the
-- survivor; the merged record stays as a mark of where it went, without a number, and is never found again.
create or replace function private.merge_members(c registry.conflicts)
returns jsonb
language plpgsql volatile
set search_path = ''
as $$
declare
  v_merged constant uuid := c.member_id;
  v_before jsonb := jsonb_build_object('merged', v_merged, 'survivor', c.other_member_id, 'number', private.number_of(v_merged));
begin
  v_before := v_before || private.move_to_member(c.organization_id, v_merged, c.other_member_id);
  update registry.members
  set merged_into = c.other_member_id, personnummer_index = null, personnummer_sealed = null, personnummer_masked = null,
      personnummer_source = null, personnummer_at = null
  where id = v_merged
  returning v_before || jsonb_build_object('version_after', version) into v_before;
  perform private.supersede_pushes(v_merged);
  v_before := v_before || jsonb_build_object('superseded', private.supersede_cases(c, 'The record was merged into another.'));
  perform private.record_event('members_merged', 'coordinator', c.organization_id, 'A coordinator merged the record into the other one.',
    p_member_id => v_merged, p_conflict_id => c.id, p_detail => jsonb_build_object('survivor', c.other_member_id));
  return v_before;
end
$$;
comment on function private.merge_members is 'In: a locked case with two members. Out: the state before. Merges the first into the second.';
-- end db/functions/private.merge_members.sql

-- begin db/functions/private.end_session.sql
-- Ends a session and its token family, and says why.
create or replace function private.end_session(p_session registry.sessions, p_reason registry.session_end)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  update registry.sessions set ended_at = now(), end_reason = p_reason where id = p_session.id and ended_at is null;
  if found then
    perform private.record_event('session_ended', 'app', p_session.organization_id,
      format('The session ended: %s.', replace(p_reason::text, '_', ' ')),
      p_member_id => p_session.member_id, p_detail => jsonb_build_object('session_id', p_session.id, 'reason', p_reason));
  end if;
end
$$;
comment on function private.end_session is 'In: a session, the reason. Ends it once.';
-- end db/functions/private.end_session.sql

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
  insert into registry.excluded_links (organization_id, issuer, subject, member_id)
  select o.organization_id, o.issuer, o.subject, m.id from unnest(v_not) as m(id)
  on conflict do nothing;
  return jsonb_build_object('excluded', to_jsonb(v_not))
    || case when v_linked = any (v_not) then jsonb_build_object('link', jsonb_build_object('before', v_linked, 'after', null)) else '{}' end;
end
$$;
comment on function private.part_login is 'In: a locked case. Out: the state before. Parts the login from the member, or from every candidate, for good.';
-- end db/functions/private.part_login.sql

-- begin db/functions/private.decision_applies.sql
-- Which decisions make sense for which kind of case.
create or replace function private.decision_applies(c registry.conflicts, p_decision text)
returns boolean
language sql immutable
set search_path = ''
as $$
  select p_decision = 'keep_existing' or case c.kind
    when 'mismatch' then p_decision in ('accept_observed', 'not_same_person') or c.other_member_id is not null
    when 'duplicate' then p_decision in ('not_same_person', 'merge_into')
    when 'ambiguous' then p_decision = 'not_same_person' or (p_decision = 'accept_observed' and cardinality(c.candidates) = 1)
    when 'name_mismatch' then p_decision in ('accept_observed', 'not_same_person')
    when 'subject_moved' then true
    when 'inconsistent' then p_decision = 'not_same_person' and c.member_id is not null
    when 'consent_revoked' then false
    when 'push_failed' then false
  end
$$;
comment on function private.decision_applies is 'In: a case, a decision. Out: whether that decision can be made of it.';
-- end db/functions/private.decision_applies.sql

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
    when p_decision = 'accept_observed' and c.kind = 'mismatch' and exists (
      select from registry.observations as o join registry.members as m on m.organization_id = o.organization_id
      where o.id = c.observation_id and m.id <> c.member_id
        and m.personnummer_index = any (o.personnummer_index || o.personnummer_index_previous)) then 'number_taken'
  end
$$;
comment on function private.why_not_resolve is 'In: a locked case (null: not visible), the decision, the version the coordinator saw. Out: code of the refusal, null: go ahead.';
-- end db/functions/private.why_not_resolve.sql

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
  v_refusal constant text := private.why_not_resolve(c, p_decision, p_expected_version);
  v_before jsonb := '{}'::jsonb;
begin
  if v_refusal is not null then
    return private.refuse('resolve_conflict', v_refusal, p_conflict_id);
  end if;
  case p_decision
    when 'accept_observed' then v_before := private.accept_observed(c);
    when 'not_same_person' then v_before := private.part_login(c);
    when 'merge_into' then v_before := private.merge_members(c);
    else null; -- keep_existing changes nothing, and is remembered by the case itself
  end case;
  return private.close_case(c, p_decision::registry.decision, p_note, v_before);
end
$$;
comment on function private.resolve_conflict is 'See api.resolve_conflict.';
grant execute on function private.resolve_conflict to authenticated;
-- end db/functions/private.resolve_conflict.sql

-- begin db/functions/api.resolve_conflict.sql
-- A coordinator settles a case. Runs with the caller's rights; the rules, and the rights they need, are behind it.
create or replace function api.resolve_conflict(conflict_id uuid, decision text, note text, expected_version integer)
returns jsonb
language sql volatile
set search_path = ''
begin atomic
  select private.resolve_conflict(
    resolve_conflict.conflict_id, resolve_conflict.decision, resolve_conflict.note, resolve_conflict.expected_version);
end;
comment on function api.resolve_conflict is 'In: case; accept_observed, keep_existing, not_same_person or merge_into; a note; the version of the case that was decided on. Out: the settled case, or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.resolve_conflict to authenticated;
-- end db/functions/api.resolve_conflict.sql

-- begin db/functions/private.retry_sync.sql
-- One that still waits is tried at once. One that was refused or given up for good is followed by a new push, with an
-- idempotency key of its own: the member system may have stored its refusal under the old one.
create or replace function private.retry_sync(p_push_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  p sync.pushes;
  c registry.conflicts;
  v_push_id uuid := p_push_id;
begin
  select known.* into p from sync.pushes as known
  where known.id = p_push_id and known.organization_id = any (private.coordinator_organizations());
  perform from registry.members as m where m.id = p.member_id for no key update;
  select known.* into p from sync.pushes as known where known.id = p.id for update;
  if p.id is null then
    return private.refuse('retry_sync', 'not_found', p_push_id);
  elsif p.state = 'pending' and p.error_code is not null then
    update sync.pushes set next_attempt_at = clock_timestamp() where id = p.id;
    perform private.enqueue('push_personnummer', p.id, clock_timestamp());
  elsif p.state in ('rejected', 'given_up') then
    v_push_id := private.queue_push(p.member_id, p.observation_id);
  else
    return private.refuse('retry_sync', 'not_failed', p_push_id);
  end if;
  perform private.record_event('push_requeued', 'coordinator', p.organization_id, 'A coordinator had the failed push tried again.',
    p_member_id => p.member_id, p_push_id => v_push_id, p_detail => jsonb_build_object('failed_push_id', p.id));
  for c in
    select known.* from registry.conflicts as known where known.push_id = p.id and known.state = 'open' for update
  loop
    perform private.close_case(c, 'retry_sync', null, '{}');
  end loop;
  return jsonb_build_object('push_id', v_push_id, 'state', 'pending');
end
$$;
comment on function private.retry_sync is 'See api.retry_sync.';
grant execute on function private.retry_sync to authenticated;
-- end db/functions/private.retry_sync.sql

-- begin db/functions/api.retry_sync.sql
-- A coordinator has a failed push tried again, at once.
create or replace function api.retry_sync(push_id uuid)
returns jsonb
language sql volatile
set search_path = ''
begin atomic
  select private.retry_sync(retry_sync.push_id);
end;
comment on function api.retry_sync is 'In: a push of api.failed_syncs. Out: the push that is queued now, or a refusal with code and message (HTTP 404, 409).';
grant execute on function api.retry_sync to authenticated;
-- end db/functions/api.retry_sync.sql

-- begin db/functions/private.restore_number.sql
-- The record gets back the number it had, or none, and the member system hears of it.
create or replace function private.restore_number(c registry.conflicts, p_number jsonb)
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
  perform private.record_event('number_restored', 'coordinator', c.organization_id,
    format('The record has the personnummer again that it had before the decision (%s).', coalesce(p_number ->> 'masked', 'none')),
    p_member_id => v_member_id, p_conflict_id => c.id, p_push_id => private.queue_push(v_member_id));
end
$$;
comment on function private.restore_number is 'In: a case, the number before. Restores it and queues the compensating push.';
-- end db/functions/private.restore_number.sql

-- begin db/functions/private.separate_members.sql
-- Two records that were merged are two again. Nothing was carried to the member system by the merge, so nothing is now.
create or replace function private.separate_members(c registry.conflicts, p_before jsonb)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  v_merged constant uuid := (p_before ->> 'merged')::uuid;
  v_number constant jsonb := p_before -> 'number';
  v_case registry.conflicts;
begin
  update registry.members
  set merged_into = null, personnummer_index = v_number ->> 'index', personnummer_sealed = v_number ->> 'sealed',
      personnummer_masked = v_number ->> 'masked', personnummer_source = (v_number ->> 'source')::registry.source,
      personnummer_at = (v_number ->> 'at')::timestamptz
  where id = v_merged;
  perform private.move_to_member(c.organization_id, (p_before ->> 'survivor')::uuid, v_merged, p_before -> 'moved');
  for v_case in
    update registry.conflicts
    set state = 'open', superseded_by = null, closed_at = null, version = version + 1
    where state = 'superseded' and p_before -> 'superseded' ? id::text
    returning *
  loop
    perform private.record_case_event('case_reopened', v_case, 'The records were separated again; the case is open again.');
  end loop;
  perform private.record_event('members_separated', 'coordinator', c.organization_id, 'The merged records were separated again.',
    p_member_id => v_merged, p_conflict_id => c.id, p_detail => jsonb_build_object('survivor', p_before ->> 'survivor'));
end
$$;
comment on function private.separate_members is 'In: a case, the state before its merge. Takes the merge back.';
-- end db/functions/private.separate_members.sql

-- begin db/functions/private.restore_before.sql
-- The reverse of what a decision did, step by step, from what was kept with it.
create or replace function private.restore_before(c registry.conflicts, p_before jsonb)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  o registry.observations;
begin
  select known.* into o from registry.observations as known where known.id = c.observation_id;
  delete from registry.excluded_links as x
  where (x.organization_id, x.issuer, x.subject) = (o.organization_id, o.issuer, o.subject) and p_before -> 'excluded' ? x.member_id::text;
  if p_before ? 'merged' then
    perform private.separate_members(c, p_before);
  elsif p_before ? 'number' then
    perform private.restore_number(c, p_before -> 'number');
  end if;
  if p_before #>> '{link,before}' is not null then
    perform private.set_link(o, (p_before #>> '{link,before}')::uuid);
  elsif p_before ? 'link' then
    delete from registry.identity_links as l
    where (l.organization_id, l.issuer, l.subject) = (o.organization_id, o.issuer, o.subject);
    perform private.record_event('link_removed', 'coordinator', o.organization_id, 'The link was taken back with the decision that made it.',
      p_member_id => (p_before #>> '{link,after}')::uuid, p_observation_id => o.id, p_conflict_id => c.id);
  end if;
end
$$;
comment on function private.restore_before is 'In: a locked case, the state before its decision. Puts that state back.';
-- end db/functions/private.restore_before.sql

-- begin db/functions/private.why_not_undo.sql
-- A decision can be taken back while nothing newer stands on it: the record unchanged since, the login where it was put, nobody
-- else with the number that would come back, and the same disagreement not open anew.
create or replace function private.why_not_undo(c registry.conflicts, r registry.resolutions)
returns text
language sql stable
set search_path = ''
as $$
  select case
    when c.id is null then 'not_found'
    when r.id is null or c.kind = 'push_failed' then 'not_resolved'
    when r.decided_at < now() - interval '30 days' then 'too_late'
    when r.before ? 'version_after' and (r.before ->> 'version_after')::integer is distinct from (
      select m.version from registry.members as m where m.id = (r.before #>> '{number,member_id}')::uuid) then 'newer_change'
    when r.before ? 'link' and (r.before #>> '{link,after}')::uuid is distinct from (
      select private.linked_member(o) from registry.observations as o where o.id = c.observation_id) then 'newer_change'
    when exists (
      select from registry.members as m
      where m.organization_id = c.organization_id and m.personnummer_index = r.before #>> '{number,index}'
        and m.id <> (r.before #>> '{number,member_id}')::uuid) then 'newer_change'
    when exists (
      select from registry.conflicts as other
      where other.organization_id = c.organization_id and other.fingerprint = c.fingerprint and other.state = 'open') then 'newer_change'
  end
$$;
comment on function private.why_not_undo is 'In: a locked case (null: not visible), its decision in force. Out: code of the refusal, null: go ahead.';
-- end db/functions/private.why_not_undo.sql

-- begin db/functions/private.undo_resolution.sql
-- Taking a decision back: the record as it was, a compensating push, the case open again.
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
  v_refusal := private.why_not_undo(c, r);
  if v_refusal is not null then
    return private.refuse('undo_resolution', v_refusal, p_conflict_id);
  end if;
  perform private.restore_before(c, r.before);
  update registry.resolutions set undone_at = clock_timestamp(), undone_by = private.actor(), undo_note = p_note where id = r.id;
  update registry.conflicts
  set state = 'open', decision = null, decided_by = null, closed_at = null, version = version + 1
  where id = c.id
  returning * into c;
  perform private.record_case_event('case_reopened', c, 'A coordinator took the decision back; the case is open again.');
  return private.describe_case(c);
end
$$;
comment on function private.undo_resolution is 'See api.undo_resolution.';
grant execute on function private.undo_resolution to authenticated;
-- end db/functions/private.undo_resolution.sql

-- begin db/functions/api.undo_resolution.sql
-- Within 30 days a decision can be taken back, unless something newer depends on it.
create or replace function api.undo_resolution(conflict_id uuid, note text)
returns jsonb
language sql volatile
set search_path = ''
begin atomic
  select private.undo_resolution(undo_resolution.conflict_id, undo_resolution.note);
end;
comment on function api.undo_resolution is 'In: a settled case, a note. Out: the case, open again, or a refusal with code and message (HTTP 404, 409).';
grant execute on function api.undo_resolution to authenticated;
-- end db/functions/api.undo_resolution.sql

-- begin db/functions/audit.member_timeline.sql
-- Everything that happened to one member, in order, for DBAs: also what happened before two records were merged.
create or replace function audit.member_timeline(member_id uuid)
returns table (
  occurred_at timestamptz, event text, source text, actor text, message text,
  observation_id uuid, conflict_id uuid, push_id uuid, detail jsonb, event_id bigint
)
language sql stable
set search_path = ''
as $$
  select e.occurred_at, e.event, e.source, e.actor, e.message, e.observation_id, e.conflict_id, e.push_id, e.detail, e.id
  from audit.events as e
  where e.member_id = member_timeline.member_id
    or e.member_id in (select m.member_id from audit.events as m
                       where m.event = 'members_merged' and m.detail ->> 'survivor' = member_timeline.member_id::text)
  order by e.occurred_at, e.id
$$;
comment on function audit.member_timeline is 'In: a member. Out: every event about it and about records merged into it, oldest first.';
grant execute on function audit.member_timeline to auditor;
-- end db/functions/audit.member_timeline.sql

-- begin db/functions/login.consume_transaction.sql
-- A login transaction is single use, also when the same callback arrives a hundred times at once and at several processes.
-- One statement decides, before any token request (security-and-reliability T4).
create or replace function login.consume_transaction(transaction_id uuid, expires_at timestamptz)
returns boolean
language plpgsql volatile security definer
set search_path = ''
as $$
begin
  insert into registry.consumed_transactions (transaction_id, expires_at)
  values (consume_transaction.transaction_id, consume_transaction.expires_at)
  on conflict do nothing;
  return found;
end
$$;
comment on function login.consume_transaction is 'In: id of a login transaction, when it expires. Out: true the first time, false ever after.';
grant execute on function login.consume_transaction to auth_callback;
-- end db/functions/login.consume_transaction.sql

-- begin db/functions/private.known_member.sql
-- While matching is out of order, a person whose login was linked before still gets in. What broke matching may break this
-- look-up too; then the login is told to come back later, and the fault is on the observation already.
create or replace function private.known_member(p_observation registry.observations)
returns uuid
language plpgsql stable
set search_path = ''
as $$
begin
  return private.linked_member(p_observation);
exception when others then
  return null;
end
$$;
comment on function private.known_member is 'In: a deferred observation. Out: the member its login is linked to; null when there is none, or when it cannot be looked up.';
-- end db/functions/private.known_member.sql

-- begin db/functions/login.open_session.sql
-- The database decides who is let in: a session belongs to a fresh observation that found a member, once.
create or replace function login.open_session(observation_id uuid, code_hash bytea, code_challenge text, return_to text)
returns boolean
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  v_session registry.sessions;
begin
  insert into registry.sessions (organization_id, member_id, observation_id, return_to, code_hash, code_challenge, code_expires_at, expires_at)
  select o.organization_id, m.id, o.id, open_session.return_to, open_session.code_hash, open_session.code_challenge,
    now() + interval '60 seconds', now() + interval '30 days'
  from registry.observations as o
  join registry.organizations as g on g.id = o.organization_id and open_session.return_to = any (g.return_to)
  join registry.members as m on m.id = case o.outcome when 'deferred' then private.known_member(o) else o.member_id end
  where o.id = open_session.observation_id and o.received_at > now() - interval '15 minutes'
  on conflict do nothing
  returning * into v_session;
  if v_session.id is null then
    return false;
  end if;
  perform private.record_event('session_opened', 'app', v_session.organization_id, 'The member was logged in.',
    p_member_id => v_session.member_id, p_observation_id => v_session.observation_id,
    p_detail => jsonb_build_object('session_id', v_session.id));
  return true;
end
$$;
comment on function login.open_session is 'In: an observation, SHA-256 of the new code, PKCE S256 challenge, registered return address. Out: whether the login is let in. The code lives 60 seconds.';
grant execute on function login.open_session to auth_callback;
-- end db/functions/login.open_session.sql

-- begin db/functions/login.providers.sql
-- What the callback needs to know of the organisations. Rows name the environment variable of a secret, never the secret.
create or replace function login.providers()
returns table (
  organization_id uuid, organization text, organization_name text, provider text, issuer text, client_id text,
  client_secret_env text, token_endpoint_auth_method text, scopes text[], authorization_params jsonb,
  id_token_signed_response_alg text, personnummer_from text, personnummer_claim text, consent_mode text, consent_scope text,
  minimum_acr text, capture boolean, return_to text[], personnummer_scope text, ask_number_when_missing boolean,
  lookup_client_id text, lookup_client_secret_env text, lookup_auth_method text, tokeninfo_endpoint text,
  capture_basis text, retention text
)
language sql stable security definer
set search_path = ''
as $$
  select g.id, g.slug, g.name, p.provider::text, p.issuer, p.client_id, p.client_secret_env, p.token_endpoint_auth_method::text,
    p.scopes, p.authorization_params, p.id_token_signed_response_alg, p.personnummer_from::text, p.personnummer_claim,
    p.consent_mode::text, p.consent_scope, p.minimum_acr, g.capture, g.return_to,
    p.personnummer_scope, p.ask_number_when_missing, p.lookup_client_id, p.lookup_client_secret_env, p.lookup_auth_method::text,
    p.tokeninfo_endpoint, g.capture_basis, g.retention::text
  from registry.identity_providers as p
  join registry.organizations as g on g.id = p.organization_id
  where p.enabled
$$;
comment on function login.providers is 'Out: every enabled provider of every organisation, with where its logins may return to and whether numbers are captured.';
grant execute on function login.providers to auth_callback;
-- end db/functions/login.providers.sql

-- begin db/functions/private.outcome_sentence.sql
-- One sentence for the audit. Mission document 1 asks for the words 'confirmed, no change'.
create or replace function private.outcome_sentence(p_observation registry.observations)
returns text
language sql immutable
set search_path = ''
as $$
  select format(
    case p_observation.outcome
      when 'filled' then 'The missing personnummer was filled with %2$s from %1$s.'
      when 'confirmed' then 'confirmed, no change: %1$s brought the recorded personnummer %2$s.'
      when 'conflict' then 'The record has another personnummer than %1$s brought (%2$s); the record was left as it is.'
      when 'duplicate' then 'Another member of the organisation has the personnummer that %1$s brought (%2$s); nothing was overwritten.'
      when 'absent' then 'Ordinary login by %1$s without a personnummer to store (%3$s).'
      when 'unlinked' then 'No member matches the login by %1$s.'
      when 'ambiguous' then 'The login by %1$s points at members without proving to be one of them; none was chosen.'
      when 'name_mismatch' then 'A member matches the login by %1$s, but name or birth date disagrees; they were not linked.'
      when 'deferred' then 'The login by %1$s could not be matched (SQLSTATE %4$s); it will be processed again.'
    end,
    p_observation.source, p_observation.personnummer_masked, replace(p_observation.absent_reason::text, '_', ' '),
    p_observation.deferred_sqlstate)
$$;
comment on function private.outcome_sentence is 'In: a decided observation. Out: one sentence for people, the number masked.';
-- end db/functions/private.outcome_sentence.sql

-- begin db/functions/private.defer_observation.sql
-- Whatever broke matching may break the audit or the queue too. So each step stands alone, what failed is written on the row,
-- and a row without a job is found by worker.reconcile. Only the row itself must succeed; if the row is what PostgreSQL
-- refuses, the caller is told so without the values that PostgreSQL would show in DETAIL (R9). The row names no member: its
-- foreign key would wait for whoever holds that record, and the lock may be what matching failed on.
create or replace function private.defer_observation(p_observation registry.observations, p_sqlstate text)
returns registry.observations
language plpgsql volatile
set search_path = ''
as $$
declare
  o registry.observations := p_observation;
  v_faults jsonb := jsonb_build_object('matching', p_sqlstate);
begin
  o.outcome := 'deferred';
  o.deferred_sqlstate := p_sqlstate;
  begin
    perform private.record_event('deferred', o.source::text, o.organization_id, private.outcome_sentence(o),
      p_observation_id => o.id, p_detail => jsonb_build_object('faults', v_faults));
  exception when others then
    v_faults := v_faults || jsonb_build_object('audit', SQLSTATE);
  end;
  begin
    perform private.enqueue('process_observation', o.id);
  exception when others then
    v_faults := v_faults || jsonb_build_object('queue', SQLSTATE);
  end;
  o.explanation := jsonb_build_object('faults', v_faults);
  begin
    insert into registry.observations values (o.*) returning * into o;
  exception when integrity_constraint_violation or data_exception then
    raise exception 'The observation is not acceptable: SQLSTATE %.', SQLSTATE using errcode = 'PN002';
  end;
  return o;
end
$$;
comment on function private.defer_observation is 'In: an observation, the SQLSTATE of the fault. Out: the row, stored as deferred. Raises PN002 for a row that cannot be stored at all.';
-- end db/functions/private.defer_observation.sql

-- begin db/functions/private.keep_observation.sql
-- The evidence of a login is never lost because matching fails: the fault undoes what matching wrote, and the observation is
-- kept as deferred with the SQLSTATE, to be processed again by a job (security-and-reliability C7, C8). query_canceled is
-- named because OTHERS leaves it out, and statement_timeout raises it.
create or replace function private.keep_observation(p_observation registry.observations)
returns registry.observations
language plpgsql volatile
set search_path = ''
as $$
declare
  o registry.observations := p_observation;
begin
  insert into registry.observations values (o.*) returning * into o;
  return o;
exception when query_canceled or others then
  return private.defer_observation(p_observation, SQLSTATE);
end
$$;
comment on function private.keep_observation is 'In: a new observation. Out: the stored row: settled, or deferred if anything went wrong.';
-- end db/functions/private.keep_observation.sql

-- begin db/functions/private.needs_consent.sql
-- Whether a number may not be stored yet: the provider's row says that the member is to be asked, the record has no number,
-- and no consent is stored.
create or replace function private.needs_consent(p_observation registry.observations)
returns boolean
language sql stable
set search_path = ''
as $$
  select exists (
    select from registry.identity_providers as p
    join registry.members as m on m.id = p_observation.member_id and m.personnummer_index is null
    where p.organization_id = p_observation.organization_id and p.provider = p_observation.provider and p.consent_mode <> 'none'
      and not exists (
        select from registry.consents as c
        where c.member_id = m.id and c.provider = p.provider and c.state = 'given'))
$$;
comment on function private.needs_consent is 'In: an observation with its member. Out: whether the member''s consent is needed and not there.';
-- end db/functions/private.needs_consent.sql

-- begin db/functions/private.may_ask_consent.sql
-- Somebody who has refused is left in peace for the organisation's interval.
create or replace function private.may_ask_consent(p_observation registry.observations)
returns boolean
language sql stable
set search_path = ''
as $$
  select private.needs_consent(p_observation) and not exists (
    select from registry.consents as c
    join registry.organizations as g on g.id = c.organization_id
    where c.organization_id = p_observation.organization_id and c.member_id = p_observation.member_id
      and c.provider = p_observation.provider and c.state = 'refused' and c.answered_at > now() - g.ask_again_after)
$$;
comment on function private.may_ask_consent is 'In: an observation with its member. Out: whether the member is to be asked for consent now.';
-- end db/functions/private.may_ask_consent.sql

-- begin db/functions/private.new_observation.sql
-- Begins a row: whose login it is, and whether a number may be kept at all. While an organisation has not recorded its legal
-- basis the number is dropped here, before anything is stored (design section 7).
create or replace function private.new_observation(
  p_organization text, p_provider text, p_absent_reason text, p_inconsistency text, p_has_number boolean
)
returns registry.observations
language plpgsql stable
set search_path = ''
as $$
declare
  o registry.observations;
  v_capture boolean;
begin
  select p.organization_id, p.provider, g.capture into o.organization_id, o.provider, v_capture
  from registry.organizations as g
  join registry.identity_providers as p on p.organization_id = g.id
  where g.slug = p_organization and p.provider::text = p_provider;
  if not found then
    raise exception 'The organisation has no such provider.' using errcode = 'PN001',
      hint = 'Providers are rows in registry.identity_providers.';
  end if;
  if p_absent_reason <> all (enum_range(null::registry.absent_reason)::text[])
    or p_inconsistency <> all (enum_range(null::registry.inconsistency)::text[]) then
    raise exception 'The reason is not one of those known.' using errcode = 'PN002';
  end if;
  o.source := (o.provider || '-login')::registry.source;
  o.inconsistency := p_inconsistency::registry.inconsistency;
  o.absent_reason := case
    when p_absent_reason is not null then p_absent_reason
    when not p_has_number then 'not_given'
    when not v_capture then 'capture_off'
  end::registry.absent_reason;
  o.received_at := clock_timestamp();
  o.explanation := '{}'::jsonb;
  o.personnummer_index_previous := '{}';
  return o;
end
$$;
comment on function private.new_observation is 'In: organisation (slug), provider, reasons, whether a number came. Out: a row begun, with absent_reason set when no number may be kept. Raises PN001, PN002.';
-- end db/functions/private.new_observation.sql

-- begin db/functions/private.session_member.sql
-- Explicit linking is asked for by a member who is logged in: a session that lives, in the same organisation.
create or replace function private.session_member(p_session_id uuid, p_organization_id uuid)
returns uuid
language sql stable
set search_path = ''
as $$
  select s.member_id from registry.sessions as s
  where s.id = p_session_id and s.organization_id = p_organization_id
    and s.code_used_at is not null and s.ended_at is null and s.expires_at > now()
$$;
comment on function private.session_member is 'In: a session, the organisation. Out: its member while the session lives, otherwise null.';
-- end db/functions/private.session_member.sql

-- begin db/functions/login.record_observation.sql
-- The door for a login: one call, one row, one round trip. A repeated call with the same id changes nothing and answers the
-- same, so the callback may repeat it when a connection breaks and it cannot know whether the first one arrived (C10).
create or replace function login.record_observation(
  inout observation_id uuid, organization text, provider text, issuer text, subject text, authenticated_at timestamptz,
  personnummer_index text default null, personnummer_sealed text default null, personnummer_masked text default null,
  given_name text default null, family_name text default null, birth_date date default null,
  phone text default null, phone_verified boolean default false, email text default null, email_verified boolean default false,
  absent_reason text default null, inconsistency text default null, acr text default null,
  personnummer_index_previous text[] default null, link_session_id uuid default null,
  out outcome text, out member_id uuid, out ask_consent boolean
)
language plpgsql volatile security definer
set search_path = ''
set lock_timeout = '1s'
as $$
declare
  o registry.observations;
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('observation ' || record_observation.observation_id, 0));
  select known.* into o from registry.observations as known where known.id = record_observation.observation_id;
  if not found then
    o := private.new_observation(record_observation.organization, record_observation.provider,
      record_observation.absent_reason, record_observation.inconsistency, record_observation.personnummer_index is not null);
    o.id := record_observation.observation_id;
    o.requested_member_id := private.session_member(record_observation.link_session_id, o.organization_id);
    o.issuer := record_observation.issuer;
    o.subject := record_observation.subject;
    o.acr := record_observation.acr;
    o.authenticated_at := record_observation.authenticated_at;
    o.given_name := record_observation.given_name;
    o.family_name := record_observation.family_name;
    o.birth_date := record_observation.birth_date;
    o.phone := record_observation.phone;
    o.phone_verified := coalesce(record_observation.phone_verified, false);
    o.email := record_observation.email;
    o.email_verified := coalesce(record_observation.email_verified, false);
    if o.absent_reason is null then
      o.personnummer_index := record_observation.personnummer_index;
      o.personnummer_index_previous := coalesce(record_observation.personnummer_index_previous, '{}');
      o.personnummer_sealed := record_observation.personnummer_sealed;
      o.personnummer_masked := record_observation.personnummer_masked;
    end if;
    o := private.keep_observation(o);
  elsif (o.issuer, o.subject) is distinct from (record_observation.issuer, record_observation.subject) then
    raise exception 'The observation id belongs to another login.' using errcode = 'PN003';
  end if;
  observation_id := o.id;
  outcome := o.outcome;
  member_id := case o.outcome when 'deferred' then private.known_member(o) else o.member_id end;
  ask_consent := o.absent_reason = 'not_consented' and private.may_ask_consent(o);
end
$$;
comment on function login.record_observation is 'In: one verified login; phone in E.164 form; no number in clear; link_session_id: the session of a member who asks for this login to be linked. Out: observation id, outcome, member (null when none), and whether the member is to be asked for consent. Errors PN001 to PN003.';
grant execute on function login.record_observation to auth_callback;
-- end db/functions/login.record_observation.sql

-- begin db/functions/private.fill_member.sql
-- The member record gets its missing number. The caller holds the locks; the condition is there all the same, so that
-- nothing is ever overwritten.
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
  where id = p_observation.member_id and personnummer_index is null;
  if not found then
    raise exception 'The record got a number meanwhile.' using errcode = 'serialization_failure';
  end if;
end
$$;
comment on function private.fill_member is 'In: an observation whose member has no number. Writes it, with source and time.';
-- end db/functions/private.fill_member.sql

-- begin db/functions/private.evidence.sql
-- One candidate's evidence as rows, for explanations.
create or replace function private.evidence(p_candidate private.candidate)
returns table (name text, agrees boolean)
language sql immutable
set search_path = ''
as $$
  values
    ('personnummer', nullif(p_candidate.by_number, false)),
    ('phone', p_candidate.by_phone),
    ('email', p_candidate.by_email),
    ('name', p_candidate.name = 'full'),
    ('birth_date', p_candidate.birth_date_agrees)
$$;
comment on function private.evidence is 'In: a candidate. Out: each identifier, and whether it agreed; null where it could not be compared.';
-- end db/functions/private.evidence.sql

-- begin db/functions/private.finding.sql
-- Puts a decision of the ladder into words and data: which rung, what agreed, what disagreed. Stored with the link, the
-- observation and the audit event, so that anybody can see later why a login was taken for a member.
create or replace function private.finding(
  p_rung text, p_candidate private.candidate, p_sane boolean, p_candidates private.candidate[]
)
returns private.finding
language sql immutable
set search_path = ''
as $$
  select
    case
      when p_rung is not null then case when p_sane then 'found' else 'name_mismatch' end
      else case when p_sane then 'unlinked' else 'ambiguous' end
    end::private.verdict,
    case when p_rung is not null and p_sane then p_candidate.member_id end,
    p_rung,
    case
      when p_rung is not null then array[p_candidate.member_id]
      else (select coalesce(array_agg(c.member_id order by c.member_id), '{}') from unnest(p_candidates) as c)
    end,
    jsonb_strip_nulls(jsonb_build_object(
      'rung', p_rung,
      'candidates', cardinality(p_candidates),
      'agreed', (select coalesce(jsonb_agg(e.name order by e.name), '[]') from private.evidence(p_candidate) as e where e.agrees),
      'disagreed', (select coalesce(jsonb_agg(e.name order by e.name), '[]') from private.evidence(p_candidate) as e where not e.agrees)
    ))
$$;
comment on function private.finding is 'In: rung (null: none), its candidate, whether it passed the sanity check (or: whether nobody was pointed at), all candidates. Out: the finding.';
-- end db/functions/private.finding.sql

-- begin db/functions/private.read_mask.sql
-- The six visible digits: day (D-number: + 40), month (synthetic: + 80), year in two digits.
create or replace function private.read_mask(p_masked text)
returns table (birth_date text, d_number boolean, synthetic boolean)
language sql immutable
set search_path = ''
as $$
  select
    to_char(d.day % 40, 'FM00') || to_char(d.month % 80, 'FM00') || d.year,
    d.day > 40,
    d.month > 80
  from (select left(p_masked, 2)::integer as day, substr(p_masked, 3, 2)::integer as month, substr(p_masked, 5, 2) as year) as d
$$;
comment on function private.read_mask is 'In: a masked number. Out: birth date as ddmmyy without the marks, whether it is a D-number, whether it is synthetic.';
-- end db/functions/private.read_mask.sql

-- begin db/functions/private.classify_mismatch.sql
-- What a coordinator may know of two differing numbers without seeing either: the masked forms tell the birth date, and
-- whether a number is a D-number (day + 40) or synthetic (month + 80). A person who gets a personnummer after a D-number is
-- the usual harmless case (national-identity-number, section 2).
create or replace function private.classify_mismatch(p_observation registry.observations)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object(
    'same_birth_date', r.birth_date = o.birth_date,
    'd_number_to_personnummer', r.d_number and not o.d_number,
    'recorded_synthetic', r.synthetic,
    'observed_synthetic', o.synthetic,
    'older_than_record', coalesce(p_observation.authenticated_at < m.personnummer_at, false))
  from registry.members as m, private.read_mask(m.personnummer_masked) as r, private.read_mask(p_observation.personnummer_masked) as o
  where m.id = p_observation.member_id
$$;
comment on function private.classify_mismatch is 'In: an observation whose number differs from its member''s. Out: how they differ, without the numbers.';
-- end db/functions/private.classify_mismatch.sql

-- begin db/functions/private.conflict_fingerprint.sql
-- The same disagreement: same kind, same people, same login or number. Another number is another disagreement. Under a
-- rotated key the oldest version of the index still in use is taken, so that rotation opens no case anew.
create or replace function private.conflict_fingerprint(
  p_kind registry.conflict_kind, p_observation registry.observations, p_member_id uuid, p_other_member_id uuid, p_candidates uuid[]
)
returns text
language sql immutable
set search_path = ''
as $$
  select concat_ws(' ', p_kind, p_member_id, p_other_member_id, nullif(array_to_string(p_candidates, ','), ''),
    case p_kind
      when 'mismatch' then coalesce(
        p_observation.personnummer_index_previous[cardinality(p_observation.personnummer_index_previous)],
        p_observation.personnummer_index)
      when 'duplicate' then null
      else p_observation.issuer || ' ' || p_observation.subject
    end)
$$;
comment on function private.conflict_fingerprint is 'In: what a case is about. Out: text that is equal for two sightings of one disagreement.';
-- end db/functions/private.conflict_fingerprint.sql

-- begin db/functions/private.open_conflict.sql
-- A disagreement becomes a case, once: the fingerprint says what makes two sightings the same disagreement. One that is open
-- is counted up, and so is one that a coordinator has settled: a decision is remembered, the same disagreement does not come
-- back.
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
  v_id uuid;
begin
  update registry.conflicts as known set seen = known.seen + 1, last_seen_at = clock_timestamp()
  where known.organization_id = p_observation.organization_id and known.fingerprint = v_fingerprint
    and known.state = 'resolved' and known.decision in ('keep_existing', 'not_same_person')
  returning known.id into v_id;
  if v_id is null then
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

-- begin db/functions/private.outcome_detail.sql
-- The same as data, for queries. `known`: a coordinator has settled just this disagreement before, so no case was opened.
create or replace function private.outcome_detail(p_observation registry.observations, p_conflict_id uuid)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_strip_nulls(p_observation.explanation || jsonb_build_object(
    'provider', p_observation.provider,
    'absent_reason', p_observation.absent_reason,
    'inconsistency', p_observation.inconsistency,
    'personnummer', p_observation.personnummer_masked,
    'case', c.kind,
    'other_member_id', c.other_member_id,
    'candidate_ids', nullif(to_jsonb(c.candidates), '[]'),
    'known', case when c.state = 'resolved' then true end))
  from (select p_conflict_id as id) as one
  left join registry.conflicts as c using (id)
$$;
comment on function private.outcome_detail is 'In: a decided observation, its case. Out: the detail of its audit event.';
-- end db/functions/private.outcome_detail.sql

-- begin db/functions/private.renew_index.sql
-- While the index key is rotated, records carry the old key's index until their member logs in. The number is the same, so
-- the record takes the new index (and the newly sealed form) without any of it counting as a change of the number.
create or replace function private.renew_index(p_observation registry.observations)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  if not exists (select from registry.members as m
                 where m.id = p_observation.member_id and m.personnummer_index = any (p_observation.personnummer_index_previous)) then
    return;
  end if;
  update registry.members
  set personnummer_index = p_observation.personnummer_index, personnummer_sealed = p_observation.personnummer_sealed
  where id = p_observation.member_id;
  update sync.pushes set personnummer_index = p_observation.personnummer_index
  where organization_id = p_observation.organization_id and member_id = p_observation.member_id and settled_at is null
    and personnummer_index = any (p_observation.personnummer_index_previous);
  perform private.record_event('index_renewed', p_observation.source::text, p_observation.organization_id,
    'The index of the recorded number was renewed under the current key.',
    p_member_id => p_observation.member_id, p_observation_id => p_observation.id);
end
$$;
comment on function private.renew_index is 'In: a confirmed observation. Gives the record the index of the current key version, if it has an older one.';
-- end db/functions/private.renew_index.sql

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
    when o.outcome = 'confirmed' then
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
      null; -- absent and unlinked change nothing
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
    select m.personnummer_index into v_recorded from registry.members as m where m.id = p_observation.member_id for no key update;
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

-- begin db/functions/private.store_decision.sql
-- Writes the outcome of an observation that was stored before it could be decided.
create or replace function private.store_decision(o registry.observations)
returns void
language sql volatile
set search_path = ''
as $$
  update registry.observations as u
  set outcome = o.outcome, member_id = o.member_id, explanation = o.explanation, settled_at = o.settled_at,
      absent_reason = o.absent_reason, personnummer_index = o.personnummer_index, personnummer_sealed = o.personnummer_sealed,
      personnummer_masked = o.personnummer_masked, personnummer_index_previous = o.personnummer_index_previous
  where u.id = o.id
$$;
comment on function private.store_decision is 'In: a decided observation. Updates its row.';
-- end db/functions/private.store_decision.sql

-- begin db/functions/private.decide_again.sql
-- An observation whose member is known already has got its number after all.
create or replace function private.decide_again(p_observation registry.observations)
returns registry.observations
language plpgsql volatile
set search_path = ''
as $$
declare
  o registry.observations := p_observation;
  v_judged constant private.judgement := private.judge_number(o);
begin
  o.outcome := v_judged.outcome;
  o.settled_at := clock_timestamp();
  perform private.act_on_outcome(o, v_judged.other_member_id, null);
  perform private.store_decision(o);
  return o;
end
$$;
comment on function private.decide_again is 'In: an observation with its member and a number. Out: the same with its outcome, after everything that follows from it was written.';
-- end db/functions/private.decide_again.sql

-- begin db/functions/private.store_consent.sql
-- One answer per login; a consent is given once.
create or replace function private.store_consent(p_observation registry.observations, p_given boolean, p_evidence jsonb)
returns boolean
language plpgsql volatile
set search_path = ''
as $$
begin
  if p_evidence is null or jsonb_typeof(p_evidence) <> 'object' or p_evidence::text ~ '[0-9]{6}[ -]?[0-9]{5}' then
    raise exception 'The evidence is an object without anything like a personnummer.' using errcode = 'PN002';
  end if;
  insert into registry.consents (organization_id, member_id, provider, state, observation_id, scope, evidence)
  values (p_observation.organization_id, p_observation.member_id, p_observation.provider,
    case when p_given then 'given' else 'refused' end::registry.consent_state, p_observation.id, p_evidence ->> 'scope', p_evidence)
  on conflict do nothing;
  if found then
    perform private.record_event(case when p_given then 'consent_given' else 'consent_refused' end, p_observation.source::text,
      p_observation.organization_id,
      case when p_given then 'The member consented to the storing of the personnummer.'
        else 'The member did not consent to the storing of the personnummer.' end,
      p_member_id => p_observation.member_id, p_observation_id => p_observation.id, p_detail => p_evidence);
  end if;
  return found;
end
$$;
comment on function private.store_consent is 'In: an observation, the answer, the evidence. Out: whether the answer was stored (false: it was there already).';
-- end db/functions/private.store_consent.sql

-- begin db/functions/login.record_consent.sql
-- The member has answered. The consent, or its refusal, is stored; with a consent comes the number, and the observation that
-- waited for it is decided: one login stays one observation.
create or replace function login.record_consent(
  inout observation_id uuid, given boolean, evidence jsonb,
  personnummer_index text default null, personnummer_sealed text default null, personnummer_masked text default null,
  personnummer_index_previous text[] default null,
  out outcome text, out member_id uuid
)
language plpgsql volatile security definer
set search_path = ''
set lock_timeout = '1s'
as $$
declare
  o registry.observations;
begin
  select known.* into o from registry.observations as known where known.id = record_consent.observation_id for update;
  if o.id is null then
    raise exception 'There is no such observation.' using errcode = 'PN004';
  elsif o.absent_reason = 'not_consented' and private.needs_consent(o)
    and private.store_consent(o, coalesce(record_consent.given, false), record_consent.evidence)
    and record_consent.given and record_consent.personnummer_index is not null then
    o.absent_reason := null;
    o.personnummer_index := record_consent.personnummer_index;
    o.personnummer_index_previous := coalesce(record_consent.personnummer_index_previous, '{}');
    o.personnummer_sealed := record_consent.personnummer_sealed;
    o.personnummer_masked := record_consent.personnummer_masked;
    o := private.decide_again(o);
  end if;
  observation_id := o.id;
  outcome := o.outcome;
  member_id := o.member_id;
end
$$;
comment on function login.record_consent is 'In: an observation that waits for consent, the answer, the evidence (who asked, in which words; never a number), and the number if it was given. Out: like login.record_observation. A second answer changes nothing.';
grant execute on function login.record_consent to auth_callback;
-- end db/functions/login.record_consent.sql

-- begin db/functions/private.open_revocation_case.sql
-- One open case for each login whose consent was withdrawn, for a coordinator to take note of.
create or replace function private.open_revocation_case(p_link registry.identity_links)
returns uuid
language sql volatile
set search_path = ''
as $$
  insert into registry.conflicts as c (organization_id, kind, member_id, fingerprint, detail)
  values (p_link.organization_id, 'consent_revoked', p_link.member_id, 'consent_revoked ' || p_link.id,
    jsonb_build_object('provider', p_link.provider, 'verified', false))
  on conflict (organization_id, fingerprint) where state = 'open'
    do update set seen = c.seen + 1, last_seen_at = clock_timestamp()
  returning c.id
$$;
comment on function private.open_revocation_case is 'In: a link. Out: id of the open case.';
-- end db/functions/private.open_revocation_case.sql

-- begin db/functions/private.revoke_login.sql
-- What a withdrawn consent means: link and consent are marked, pushes that this login caused and that wait are cancelled, and
-- a coordinator is told. A login after the message is a new consent and stands.
create or replace function private.revoke_login(p_link registry.identity_links, p_issued_at timestamptz)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  v_push sync.pushes;
  v_source constant text := p_link.provider || '-login';
begin
  if exists (
    select from registry.observations as o
    where o.organization_id = p_link.organization_id and o.member_id = p_link.member_id
      and (o.issuer, o.subject) = (p_link.issuer, p_link.subject) and o.authenticated_at > p_issued_at) then
    return;
  end if;
  update registry.identity_links set revoked_at = p_issued_at where id = p_link.id;
  update registry.consents set state = 'withdrawn', withdrawn_at = p_issued_at
  where organization_id = p_link.organization_id and member_id = p_link.member_id and provider = p_link.provider and state = 'given';
  for v_push in
    update sync.pushes as p set state = 'cancelled', settled_at = clock_timestamp(), next_attempt_at = null
    from registry.observations as o
    where o.id = p.observation_id and (o.issuer, o.subject) = (p_link.issuer, p_link.subject)
      and p.organization_id = p_link.organization_id and p.member_id = p_link.member_id and p.state = 'pending'
    returning p.*
  loop
    perform private.record_push_event('push_cancelled', v_push, 'The push was cancelled: consent was withdrawn, as an unverified message said.');
  end loop;
  perform private.record_event('consent_withdrawn', v_source, p_link.organization_id,
    'Consent was withdrawn, as an unverified message said; nothing was deleted.', p_member_id => p_link.member_id,
    p_conflict_id => private.open_revocation_case(p_link), p_detail => '{"verified": false}');
end
$$;
comment on function private.revoke_login is 'In: the link of the subject, when the message was issued. Marks link and consent, cancels waiting pushes, opens a case.';
-- end db/functions/private.revoke_login.sql

-- begin db/functions/login.record_revocation.sql
-- A provider says that somebody withdrew consent. The message is unsigned, so it is a hint: it stops what was to be sent and
-- tells the coordinator, and never deletes anything or locks anybody out. Known and unknown subjects are answered alike.
create or replace function login.record_revocation(
  organization text, provider text, subject text, event text, issued_at timestamptz, late boolean
)
returns void
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  v_organization_id uuid;
  v_provider registry.provider;
begin
  select p.organization_id, p.provider into v_organization_id, v_provider
  from registry.identity_providers as p join registry.organizations as g on g.id = p.organization_id
  where g.slug = record_revocation.organization and p.provider::text = record_revocation.provider;
  if v_organization_id is null then
    raise exception 'The organisation has no such provider.' using errcode = 'PN001';
  end if;
  insert into registry.revocations (organization_id, provider, subject, event, issued_at, late)
  values (v_organization_id, v_provider, record_revocation.subject, record_revocation.event, record_revocation.issued_at, record_revocation.late)
  on conflict do nothing;
  if not found then
    return;
  end if;
  perform private.record_event('revocation_received', v_provider || '-login', v_organization_id,
    format('An unverified message said that consent was withdrawn%s.', case when record_revocation.late then ', late' else '' end),
    p_detail => jsonb_build_object('verified', false, 'late', record_revocation.late, 'event', record_revocation.event));
  if record_revocation.event = 'CONSENT_REVOKED' and not record_revocation.late then
    perform private.revoke_login(l, record_revocation.issued_at)
    from registry.identity_links as l
    where l.organization_id = v_organization_id and l.provider = v_provider and l.subject = record_revocation.subject;
  end if;
end
$$;
comment on function login.record_revocation is 'In: organisation (slug), provider, subject, event, when it was issued, whether it came late. Stores it once; CONSENT_REVOKED takes effect unless late.';
grant execute on function login.record_revocation to auth_callback;
-- end db/functions/login.record_revocation.sql

-- begin db/functions/private.describe_session.sql
-- What an access token says of a session.
create or replace function private.describe_session(p_session_id uuid)
returns table (session_id uuid, user_id uuid, member_id uuid, organization_id uuid, organization text)
language sql stable
set search_path = ''
as $$
  select s.id, m.user_id, m.id, g.id, g.slug
  from registry.sessions as s
  join registry.members as m on m.id = s.member_id
  join registry.organizations as g on g.id = s.organization_id
  where s.id = p_session_id
$$;
comment on function private.describe_session is 'In: a session. Out: its user, member and organisation.';
-- end db/functions/private.describe_session.sql

-- begin db/functions/login.redeem_code.sql
-- The app exchanges its code, once. A second try means that somebody else has the code too: the session ends (RFC 6749,
-- section 4.1.2). Zero rows is the only refusal; why is nobody's business outside.
create or replace function login.redeem_code(code_hash bytea, code_challenge text, refresh_token_hash bytea)
returns table (session_id uuid, user_id uuid, member_id uuid, organization_id uuid, organization text)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  s registry.sessions;
begin
  select * into s from registry.sessions as known where known.code_hash = redeem_code.code_hash for update;
  if s.id is null then
    return;
  elsif s.code_used_at is not null then
    perform private.end_session(s, 'code_replayed');
  elsif s.ended_at is null and s.code_expires_at > now() then
    -- Used up also by a wrong verifier: a code is guessed at most once.
    update registry.sessions set code_used_at = now() where id = s.id;
    if s.code_challenge = redeem_code.code_challenge then
      insert into registry.refresh_tokens (token_hash, session_id) values (redeem_code.refresh_token_hash, s.id);
      return query select * from private.describe_session(s.id);
    end if;
  end if;
end
$$;
comment on function login.redeem_code is 'In: SHA-256 of the code, S256 of the verifier, SHA-256 of the first refresh token. Out: the session, or no row.';
grant execute on function login.redeem_code to auth_callback;
-- end db/functions/login.redeem_code.sql

-- begin db/functions/login.report_inconsistency.sql
-- The second leg of one login brought another person, or another number, than the first. Nothing is written to the record.
create or replace function login.report_inconsistency(observation_id uuid, inconsistency text)
returns void
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  o registry.observations;
begin
  if report_inconsistency.inconsistency is null
    or report_inconsistency.inconsistency <> all (enum_range(null::registry.inconsistency)::text[]) then
    raise exception 'The reason is not one of those known.' using errcode = 'PN002';
  end if;
  update registry.observations as known
  set inconsistency = report_inconsistency.inconsistency::registry.inconsistency,
      absent_reason = case when known.absent_reason is not null then 'inconsistent' end::registry.absent_reason
  where known.id = report_inconsistency.observation_id and known.inconsistency is null
  returning * into o;
  if found then
    perform private.record_event('conflict', o.source::text, o.organization_id,
      format('Two steps of one login by %s contradicted each other; nothing was written.', o.source),
      p_member_id => o.member_id, p_observation_id => o.id, p_conflict_id => private.open_conflict('inconsistent', o, o.member_id),
      p_detail => jsonb_build_object('inconsistency', o.inconsistency));
  end if;
end
$$;
comment on function login.report_inconsistency is 'In: an observation, numbers_differ or subject_differs. Opens a case, once.';
grant execute on function login.report_inconsistency to auth_callback;
-- end db/functions/login.report_inconsistency.sql

-- begin db/functions/login.rotate_refresh_token.sql
-- Refresh tokens rotate. An old one that comes again was stolen, or the new one was: the family ends (RFC 9700, section 4.14.2).
create or replace function login.rotate_refresh_token(refresh_token_hash bytea, new_refresh_token_hash bytea)
returns table (session_id uuid, user_id uuid, member_id uuid, organization_id uuid, organization text)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  s registry.sessions;
  v_replaced_at timestamptz;
begin
  -- The session is locked first, and the token read after that: two uses of one token at once must not both see it unused.
  select known.* into s from registry.sessions as known
  where known.id = (select t.session_id from registry.refresh_tokens as t where t.token_hash = rotate_refresh_token.refresh_token_hash)
  for update;
  if s.id is null or s.ended_at is not null then
    return;
  end if;
  select t.replaced_at into v_replaced_at from registry.refresh_tokens as t where t.token_hash = rotate_refresh_token.refresh_token_hash;
  if v_replaced_at is not null then
    perform private.end_session(s, 'refresh_token_reused');
  elsif s.expires_at <= now() then
    perform private.end_session(s, 'expired');
  else
    update registry.refresh_tokens set replaced_at = now() where token_hash = rotate_refresh_token.refresh_token_hash;
    insert into registry.refresh_tokens (token_hash, session_id) values (rotate_refresh_token.new_refresh_token_hash, s.id);
    update registry.sessions set expires_at = now() + interval '30 days' where id = s.id;
    return query select * from private.describe_session(s.id);
  end if;
end
$$;
comment on function login.rotate_refresh_token is 'In: SHA-256 of the presented and of the next refresh token. Out: the session, or no row. A session lives 30 days from its last refresh.';
grant execute on function login.rotate_refresh_token to auth_callback;
-- end db/functions/login.rotate_refresh_token.sql

-- begin db/functions/login.session_is_live.sql
-- Before a member is sent to a provider to link another login: is the access token's session still alive?
create or replace function login.session_is_live(session_id uuid, organization text)
returns boolean
language sql stable security definer
set search_path = ''
as $$
  select private.session_member(session_is_live.session_id, g.id) is not null
  from registry.organizations as g
  where g.slug = session_is_live.organization
$$;
comment on function login.session_is_live is 'In: a session, the organisation (slug). Out: whether its member is logged in; null for an unknown organisation.';
grant execute on function login.session_is_live to auth_callback;
-- end db/functions/login.session_is_live.sql

-- begin db/functions/private.choose_member.sql
-- The ladder (design section 4), as a pure function: evidence in, decision out. Linking the wrong person is the worst thing
-- this system could do, so whatever is weaker than the rules below is a case for a person, never a guess.
create or replace function private.choose_member(p_candidates private.candidate[])
returns private.finding
language plpgsql immutable
set search_path = ''
as $$
declare
  v_number private.candidate;  -- has the observed number; unique in the organisation
  v_contact private.candidate; -- the one that phone and e-mail point at
  v_contacts integer;
  v_rung text;
begin
  select c.* into v_number from unnest(p_candidates) as c where c.by_number;
  select count(*) into v_contacts from unnest(p_candidates) as c where c.by_phone or c.by_email or c.by_unverified;
  select c.* into v_contact from unnest(p_candidates) as c where c.by_phone or c.by_email;
  v_rung := case
    when v_contacts > 1 then null
    when v_contact.by_phone and v_contact.by_email then 'phone_and_email'
    when v_contact.by_phone and v_contact.by_email is null and v_contact.birth_date_agrees then 'phone_and_birth_date'
    when v_contact.by_email and v_contact.by_phone is null and v_contact.birth_date_agrees then 'email_and_birth_date'
  end;

  -- The number is unique, so it decides; a family's shared phone does not count against it. Only a record that phone, e-mail
  -- and name all agree on outweighs it: then the number stands on a second record of the same person, a duplicate.
  if v_number.member_id is not null
    and (v_rung = 'phone_and_email' and v_contact.name = 'full' and v_contact.birth_date_agrees is not false) is not true then
    -- People change their family name, so one shared word is enough here; none at all means a number on the wrong record.
    return private.finding('number', v_number, v_number.name is distinct from 'none', p_candidates);
  elsif v_rung is not null then
    return private.finding(v_rung, v_contact,
      (v_contact.name is null or v_contact.name = 'full') and v_contact.birth_date_agrees is not false, p_candidates);
  end if;
  return private.finding(null, null, v_contacts = 0, p_candidates);
end
$$;
comment on function private.choose_member is 'In: candidates with evidence. Out: the member, or why none can be named, and the explanation. Reads nothing.';
-- end db/functions/private.choose_member.sql

-- begin db/functions/private.name_words.sql
-- Registers and identity providers spell the same name differently: case, accents, hyphens, Å or Aa, Ø or Oe, Æ or Ae.
-- Decomposing (NFKD) and dropping the marks makes Å an A and Ö an O; letters without a decomposition (Ø, Æ, the Sami ones)
-- are written out first; then the transcriptions are folded onto the same letters. Forgiving on purpose: this only checks, it never finds anybody.
create or replace function private.name_words(p_name text)
returns text[]
language sql immutable parallel safe
set search_path = ''
as $$
  select coalesce(array_remove(regexp_split_to_array(f.folded, U&'[\0001-/:-@[-`{-\00BF\2000-\206F]+'), ''), '{}')
  from (
    select regexp_replace(
      normalize(replace(replace(replace(translate(p_name,
        'ØøĐđŁłŊŋŦŧ', 'OoDdLlNnTt'), 'Æ', 'Ae'), 'æ', 'ae'), 'ß', 'ss'), nfkd),
      U&'[\0300-\036F''\2019.]', '', 'g') as plain
  ) as p
  cross join lateral (
    select replace(replace(replace(lower(p.plain collate "C"), 'aa', 'a'), 'ae', 'a'), 'oe', 'o') as folded
  ) as f
$$;
comment on function private.name_words is 'In: a name. Out: its words, folded so that spellings of one name are equal; empty for null.';
-- end db/functions/private.name_words.sql

-- begin db/functions/private.compare_names.sql
-- Given and family name are swapped in some registers, so both orders are tried. One shared word is enough for each: middle
-- names come and go, and double names are shortened.
create or replace function private.compare_names(p_given_1 text, p_family_1 text, p_given_2 text, p_family_2 text)
returns private.name_agreement
language sql immutable parallel safe
set search_path = ''
as $$
  select case
    when cardinality(w.given_1 || w.family_1) = 0 or cardinality(w.given_2 || w.family_2) = 0 then null
    when (w.given_1 && w.given_2 or '{}' in (w.given_1, w.given_2)) and (w.family_1 && w.family_2 or '{}' in (w.family_1, w.family_2))
      and (w.given_1 || w.family_1) && (w.given_2 || w.family_2) then 'full'
    when w.given_1 && w.family_2 and w.family_1 && w.given_2 then 'full'
    when (w.given_1 || w.family_1) && (w.given_2 || w.family_2) then 'partial'
    else 'none'
  end::private.name_agreement
  from (select private.name_words(p_given_1) as given_1, private.name_words(p_family_1) as family_1,
               private.name_words(p_given_2) as given_2, private.name_words(p_family_2) as family_2) as w
$$;
comment on function private.compare_names is 'In: given and family name of two sides. Out: full, partial, none; null when one side has no name at all.';
-- end db/functions/private.compare_names.sql

-- begin db/functions/private.settle_push.sql
-- A push reaches its final state, once, with its audit event.
create or replace function private.settle_push(p_push sync.pushes, p_state sync.push_state, p_event text, p_message text)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  update sync.pushes
  set state = p_state, settled_at = clock_timestamp(), next_attempt_at = null, lease_expires_at = null,
      error_code = p_push.error_code, http_status = p_push.http_status
  where id = p_push.id;
  perform private.record_push_event(p_event, p_push, p_message);
end
$$;
comment on function private.settle_push is 'In: a push (with the code and status to keep), final state, event, sentence.';
-- end db/functions/private.settle_push.sql

-- begin db/functions/private.fail_push.sql
-- Given up or refused: never silence, always a case for a coordinator.
create or replace function private.fail_push(p_push sync.pushes, p_state sync.push_state, p_event text, p_message text)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  insert into registry.conflicts as c (organization_id, kind, member_id, push_id, fingerprint, detail)
  values (p_push.organization_id, 'push_failed', p_push.member_id, p_push.id, 'push_failed ' || p_push.id,
    jsonb_strip_nulls(jsonb_build_object('error_code', p_push.error_code, 'http_status', p_push.http_status, 'attempts', p_push.attempts)))
  on conflict (organization_id, fingerprint) where state = 'open'
    do update set seen = c.seen + 1, last_seen_at = clock_timestamp();
  perform private.settle_push(p_push, p_state, p_event, p_message);
end
$$;
comment on function private.fail_push is 'In: a push (with code and status), final state, event, sentence. Opens a case and settles the push.';
-- end db/functions/private.fail_push.sql

-- begin db/functions/private.find_candidates.sql
-- Everybody in the organisation that anything of the login points at, with what agrees and what does not. Deciding is
-- somebody else's work (private.choose_member).
create or replace function private.find_candidates(p_observation registry.observations)
returns setof private.candidate
language sql stable
set search_path = ''
as $$
  with login as (
    select p_observation.organization_id,
      array_remove(p_observation.personnummer_index || p_observation.personnummer_index_previous, null) as indexes,
      p_observation.phone, p_observation.phone_verified, lower(p_observation.email) as email, p_observation.email_verified
  )
  select
    m.id,
    coalesce(m.personnummer_index = any (l.indexes), false),
    case when l.phone_verified then m.phone = l.phone end,
    case when l.email_verified then lower(m.email) = l.email end,
    coalesce((not l.phone_verified and m.phone = l.phone) or (not l.email_verified and lower(m.email) = l.email), false),
    private.compare_names(p_observation.given_name, p_observation.family_name, m.given_name, m.family_name),
    m.birth_date = p_observation.birth_date
  from login as l
  join registry.members as m on m.organization_id = l.organization_id
  where (m.personnummer_index = any (l.indexes) or m.phone = l.phone or lower(m.email) = l.email)
    and m.merged_into is null
    -- What a coordinator has decided outranks the ladder for good.
    and not exists (
      select from registry.excluded_links as x
      where x.organization_id = m.organization_id and x.issuer = p_observation.issuer and x.subject = p_observation.subject
        and x.member_id = m.id)
$$;
comment on function private.find_candidates is 'In: an observation. Out: the members that its number, phone or e-mail points at, each with the evidence.';
-- end db/functions/private.find_candidates.sql

-- begin db/functions/private.find_member.sql
-- Whose login is this? A member who is logged in and asks for the login to be linked gets it, unless it is linked to somebody
-- else: that is a case, never a silent move. Known logins are looked up; the others climb the ladder.
create or replace function private.find_member(p_observation registry.observations)
returns private.finding
language plpgsql stable
set search_path = ''
as $$
declare
  v_linked constant uuid := private.linked_member(p_observation);
  v_asked constant uuid := p_observation.requested_member_id;
begin
  if v_linked <> v_asked then
    return row('subject_moved', null, null, array[v_asked, v_linked], '{}'::jsonb)::private.finding;
  elsif v_linked is not null then
    return row('found', v_linked, 'link', array[v_linked], '{"rung": "link"}'::jsonb)::private.finding;
  elsif v_asked is not null then
    return row('found', v_asked, 'explicit', array[v_asked], '{"rung": "explicit"}'::jsonb)::private.finding;
  end if;
  return private.choose_member(array(select c from private.find_candidates(p_observation) as c));
end
$$;
comment on function private.find_member is 'In: an observation. Out: the member it belongs to, or why none can be named.';
-- end db/functions/private.find_member.sql

-- begin db/functions/private.has_live_job.sql
-- Whether the queue will still run a job for this by itself. A job that is locked is running, or its worker died: only time
-- tells, and the lease of the push has run out by the time anybody asks.
create or replace function private.has_live_job(p_task private.task, p_id uuid)
returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return exists (
    select from graphile_worker.jobs as j
    where j.key = p_task || ':' || p_id and j.attempts < j.max_attempts and j.locked_at is null);
end
$$;
comment on function private.has_live_job is 'In: task, id. Out: whether an unlocked job with attempts left is in the queue.';
-- end db/functions/private.has_live_job.sql

-- begin db/functions/private.link_identity.sql
-- Remembers which member a login belongs to, with the reason.
create or replace function private.link_identity(p_observation registry.observations, p_finding private.finding)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
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

-- begin db/functions/private.postpone_push.sql
-- A temporary failure: the push waits for its next attempt. The pause follows graphile-worker's own (exp(attempts) seconds,
-- at most exp(10)), because its retry of the job is what brings the next attempt.
create or replace function private.postpone_push(p_push sync.pushes)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  update sync.pushes
  set state = 'pending', lease_expires_at = null, error_code = p_push.error_code, http_status = p_push.http_status,
      next_attempt_at = clock_timestamp() + exp(least(p_push.attempts, 10)) * interval '1 second'
  where id = p_push.id;
  perform private.record_push_event('push_attempt_failed', p_push, format('Attempt %s to deliver failed (%s); it will be tried again.',
    p_push.attempts, p_push.error_code));
end
$$;
comment on function private.postpone_push is 'In: a push (with code and status). Puts it back to wait for its next attempt.';
-- end db/functions/private.postpone_push.sql

-- begin db/functions/private.push_is_moot.sql
-- A push carries one value. When the record holds another by now, or none, a later push carries that one.
create or replace function private.push_is_moot(p_push sync.pushes)
returns boolean
language sql stable
set search_path = ''
as $$
  select p_push.personnummer_index is distinct from (select m.personnummer_index from registry.members as m where m.id = p_push.member_id)
    or exists (select from sync.pushes as newer where newer.member_id = p_push.member_id and newer.state = 'pending' and newer.id <> p_push.id)
$$;
comment on function private.push_is_moot is 'In: a push. Out: whether the record has moved on.';
-- end db/functions/private.push_is_moot.sql

-- begin db/functions/private.renew_consent.sql
-- A login after the message that consent was withdrawn is a new consent at the provider. What was cancelled by the message goes
-- out after all.
create or replace function private.renew_consent(p_observation registry.observations)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  v_last sync.pushes;
  v_push_id uuid;
begin
  update registry.identity_links as l set revoked_at = null
  where (l.organization_id, l.issuer, l.subject) = (p_observation.organization_id, p_observation.issuer, p_observation.subject)
    and l.revoked_at < p_observation.authenticated_at;
  if not found then
    return;
  end if;
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

-- begin db/functions/private.without_number.sql
-- Drops a number before anything of it is stored.
create or replace function private.without_number(p_observation registry.observations, p_reason registry.absent_reason)
returns registry.observations
language plpgsql immutable
set search_path = ''
as $$
declare
  o registry.observations := p_observation;
begin
  o.personnummer_index := null;
  o.personnummer_index_previous := '{}';
  o.personnummer_sealed := null;
  o.personnummer_masked := null;
  o.absent_reason := p_reason;
  return o;
end
$$;
comment on function private.without_number is 'In: an observation, the reason. Out: the same without any form of the number.';
-- end db/functions/private.without_number.sql

-- begin db/functions/private.withhold_without_consent.sql
-- Where the member must be asked first, a number may find the member but is not stored before the answer (design section 12).
-- A login that brought none is the same: it is with the consent that the number comes.
create or replace function private.withhold_without_consent(p_observation registry.observations)
returns registry.observations
language plpgsql stable
set search_path = ''
as $$
declare
  o registry.observations := p_observation;
begin
  if coalesce(o.absent_reason, 'not_given') = 'not_given' and private.needs_consent(o) then
    o := private.without_number(o, 'not_consented');
  end if;
  return o;
end
$$;
comment on function private.withhold_without_consent is 'In: an observation with its member. Out: the same, without the number if consent is needed and not there.';
-- end db/functions/private.withhold_without_consent.sql

-- begin db/functions/private.settle_observation.sql
-- The decision, from the first question to the last row. Everything it writes is in the transaction of the login's one call.
create or replace function private.settle_observation(p_observation registry.observations)
returns registry.observations
language plpgsql volatile
set search_path = ''
as $$
declare
  o registry.observations := p_observation;
  v_found private.finding := private.find_member(o);
  v_judged private.judgement;
begin
  o.member_id := v_found.member_id;
  o.explanation := v_found.explanation;
  o.settled_at := clock_timestamp();
  if v_found.verdict = 'found' then
    o := private.withhold_without_consent(o);
    v_judged := private.judge_number(o);
    o.outcome := v_judged.outcome;
    if v_found.rung <> 'link' then
      perform private.link_identity(o, v_found);
    end if;
  else
    o.outcome := case v_found.verdict when 'subject_moved' then 'ambiguous' else v_found.verdict::text end::registry.outcome;
  end if;
  perform private.act_on_outcome(o, v_judged.other_member_id, v_found);
  if v_found.rung = 'link' then
    perform private.renew_consent(o);
  end if;
  return o;
end
$$;
comment on function private.settle_observation is 'In: an observation. Out: the same with outcome, member and explanation, after everything that follows from it was written.';
-- end db/functions/private.settle_observation.sql

-- begin db/functions/private.tg__refuse_change.sql
-- An audit that can be changed proves nothing. ALWAYS: session_replication_role = replica does not skip these triggers.
create or replace function private.tg__refuse_change()
returns trigger
language plpgsql volatile
set search_path = ''
as $$
begin
  raise exception 'Rows of %.% are never changed or removed.', TG_TABLE_SCHEMA, TG_TABLE_NAME
    using errcode = 'insufficient_privilege', hint = 'Append a new event that puts right what this one says.';
end
$$;
comment on function private.tg__refuse_change is 'Trigger: refuses the statement with 42501.';

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.events
for each statement execute function private.tg__refuse_change();
alter table audit.events enable always trigger _100_refuse_change;
-- end db/functions/private.tg__refuse_change.sql

-- begin db/functions/private.tg_members__version.sql
-- Whoever changes a member record, however: the version rises, so that a stale view of it can be told from a fresh one.
create or replace function private.tg_members__version()
returns trigger
language plpgsql volatile
set search_path = ''
as $$
begin
  NEW.version := OLD.version + 1;
  NEW.updated_at := clock_timestamp();
  return NEW;
end
$$;
comment on function private.tg_members__version is 'Trigger: counts the version of a member record.';

create or replace trigger _100_version
before update on registry.members
for each row execute function private.tg_members__version();
-- end db/functions/private.tg_members__version.sql

-- begin db/functions/private.tg_observations__settle.sql
-- A verified login arrives as one row; everything else follows from it here. BEFORE INSERT, so that the row is written once,
-- with its outcome. Rows that come with an outcome were deferred by private.keep_observation and are left alone.
create or replace function private.tg_observations__settle()
returns trigger
language plpgsql volatile
set search_path = ''
as $$
begin
  return private.settle_observation(NEW);
end
$$;
comment on function private.tg_observations__settle is 'Trigger: decides what a new observation means, and acts on it.';

create or replace trigger _100_settle
before insert on registry.observations
for each row when (NEW.outcome is null) execute function private.tg_observations__settle();
-- end db/functions/private.tg_observations__settle.sql

-- begin db/functions/worker.claim_push.sql
-- The door through which a worker takes a push. A claim is a lease with a fencing token: a worker that is paused and wakes up
-- after its lease cannot overwrite what a later one has reported.
create or replace function worker.claim_push(push_id uuid, worker_id text)
returns table (
  fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid, external_id text,
  personnummer_sealed text, personnummer_index text, member_system jsonb
)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  p sync.pushes;
begin
  select known.* into p from sync.pushes as known where known.id = claim_push.push_id for update;
  if p.id is null or p.settled_at is not null or p.lease_expires_at > clock_timestamp() then
    return;
  end if;
  if private.push_is_moot(p) then
    perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
    return;
  end if;
  update sync.pushes as u
  set state = 'sending', attempts = u.attempts + 1, fencing_token = u.fencing_token + 1,
      leased_by = claim_push.worker_id, lease_expires_at = clock_timestamp() + interval '60 seconds'
  where u.id = p.id
  returning u.* into p;
  return query
    select p.fencing_token, p.attempts, g.id, g.slug, m.id, m.external_id, m.personnummer_sealed, m.personnummer_index, to_jsonb(s)
    from registry.members as m
    join registry.organizations as g on g.id = m.organization_id
    left join sync.member_systems as s on s.organization_id = m.organization_id
    where m.id = p.member_id;
end
$$;
comment on function worker.claim_push is 'In: a push, the worker''s name. Out: what to send and where, with a fencing token and a lease of 60 seconds; no row when there is nothing to do. attempt counts from 1.';
grant execute on function worker.claim_push to sync_worker;
-- end db/functions/worker.claim_push.sql

-- begin db/functions/worker.finish_push.sql
-- The door through which a worker reports. A report with an old fencing token changes nothing.
create or replace function worker.finish_push(
  push_id uuid, fencing_token bigint, result text, http_status integer, error_code text, duration_ms integer, final boolean
)
returns text
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  p sync.pushes;
begin
  select known.* into p from sync.pushes as known where known.id = finish_push.push_id for update;
  if p.id is null or p.state <> 'sending' or p.fencing_token <> finish_push.fencing_token then
    return null;
  end if;
  insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, http_status, error_code, duration_ms)
  values (p.id, p.organization_id, p.attempts, p.leased_by, finish_push.result::sync.attempt_result, finish_push.http_status,
    finish_push.error_code, finish_push.duration_ms);
  p.http_status := finish_push.http_status;
  p.error_code := finish_push.error_code;
  case
    when finish_push.result = 'delivered' then
      perform private.settle_push(p, 'delivered', 'push_delivered', 'The personnummer was delivered to the member system.');
    when private.push_is_moot(p) then
      perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
    when finish_push.result = 'rejected' then
      perform private.fail_push(p, 'rejected', 'push_rejected', 'The member system refused the change for good; a case was opened.');
    when finish_push.final then
      perform private.fail_push(p, 'given_up', 'push_given_up', 'The change could not be delivered in all attempts; a case was opened.');
    else
      perform private.postpone_push(p);
  end case;
  return (select known.state::text from sync.pushes as known where known.id = p.id);
end
$$;
comment on function worker.finish_push is 'In: push, fencing token, result (delivered, retry, rejected), HTTP status and error code of the attempt, its duration in milliseconds, whether it was the last. Out: the new state; null when the token is stale.';
grant execute on function worker.finish_push to sync_worker;
-- end db/functions/worker.finish_push.sql

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
    o := private.settle_observation(o);
    perform private.store_decision(o);
  end if;
  return o.outcome::text;
end
$$;
comment on function worker.process_observation is 'In: a deferred observation. Out: its outcome, now decided. Raises PN004 for an unknown id.';
grant execute on function worker.process_observation to sync_worker;
-- end db/functions/worker.process_observation.sql

-- begin db/functions/worker.reconcile.sql
-- The tables are the truth and the queue only a reminder. What is due and has no live job gets one again: jobs that were
-- dropped, used up, or locked by a worker that died. Run every minute.
create or replace function worker.reconcile()
returns table (what text, queued integer)
language plpgsql volatile security definer
set search_path = ''
as $$
begin
  return query
    with due as (
      select p.id from sync.pushes as p
      where (p.state = 'pending' and p.next_attempt_at < clock_timestamp() - interval '30 seconds')
        or (p.state = 'sending' and p.lease_expires_at < clock_timestamp())
      order by p.next_attempt_at limit 1000
    )
    select 'push_personnummer'::text, count(private.enqueue('push_personnummer', d.id))::integer
    from due as d where not private.has_live_job('push_personnummer', d.id);
  return query
    with due as (
      select o.id from registry.observations as o
      where o.outcome = 'deferred' and o.received_at < clock_timestamp() - interval '10 seconds'
      order by o.received_at limit 1000
    )
    select 'process_observation'::text, count(private.enqueue('process_observation', d.id))::integer
    from due as d where not private.has_live_job('process_observation', d.id);
  delete from registry.consumed_transactions where expires_at < clock_timestamp() - interval '1 minute';
end
$$;
comment on function worker.reconcile is 'Out: how many jobs were queued again, by task. Also forgets used login transactions that have expired.';
grant execute on function worker.reconcile to sync_worker;
-- end db/functions/worker.reconcile.sql

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
