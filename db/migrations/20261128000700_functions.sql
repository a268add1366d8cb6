-- migrate:up
-- Written by `npm run db:freeze`. Edit db/functions/, never this file.
set local role registry_owner;
-- begin db/functions/audit/private.actor.sql
-- Audit rows name who acted: whoever calls the API is known by the access token that PostgREST has verified, a program by its login. Only a
-- token of our callback says that it is a member's. Which member stands in the event; the user id would be left there after the person is erased,
-- and the app knows it.
create or replace function private.actor()
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_claims constant text := current_setting('request.jwt.claims', true);
begin
  if v_claims <> '' then
    if v_claims::jsonb -> 'app_metadata' ->> 'audience' = 'members' then
      return 'member';
    end if;
    return coalesce('coordinator:' || nullif(v_claims::jsonb ->> 'sub', ''), session_user::text);
  end if;
  return session_user;
end
$$;
comment on function private.actor is 'Out: member, or coordinator:<user id>, when called through PostgREST, otherwise the database login.';
-- end db/functions/audit/private.actor.sql

-- begin db/functions/coordinators/private.coordinator_organizations.sql
-- What a coordinator may see is looked up at every request, so that removing a row in registry.coordinators works at once.
-- Policies call this once per query, wrapped in a scalar subquery. Claims are read only when PostgREST has verified the token; unset and
-- empty settings both deny. A token of Supabase Auth counts by its subject. One of our callback says for whom it is: a member's opens
-- nothing here, and a coordinator's only the organisation whose staff provider vouched, while its session lives.
create or replace function private.coordinator_organizations()
returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(c.organization_id), '{}')
  from (select nullif(current_setting('request.jwt.claims', true), '')::jsonb) as token(claims)
  join registry.coordinators as c on c.user_id::text = token.claims ->> 'sub'
  where case coalesce(token.claims -> 'app_metadata' ->> 'audience', '')
    when '' then true
    when 'coordinators' then exists (
      select from registry.sessions as s
      where s.id = (token.claims ->> 'session_id')::uuid and s.coordinator_id = c.user_id and s.organization_id = c.organization_id
        and s.ended_at is null and s.expires_at > now())
    else false
  end
$$;
comment on function private.coordinator_organizations is 'Out: the organisations that the caller of the API is a coordinator of.';
grant execute on function private.coordinator_organizations to authenticated;
-- end db/functions/coordinators/private.coordinator_organizations.sql

-- begin db/functions/files_and_worklist/private.file_is_disputed.sql
-- A number in one of its changes is in question by now, and nobody has fetched the file: it can be taken back.
create or replace function private.file_is_disputed(f sync.files)
returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return f.state = 'ready' and f.fetched_at is null and exists (
    select from sync.pushes as p
    where p.organization_id = f.organization_id and p.file_id = f.id and p.waits_for_conflict_id is not null);
end
$$;
comment on function private.file_is_disputed is 'In: a file. Out: whether it is to be taken back because one of its changes waits for a case.';
-- end db/functions/files_and_worklist/private.file_is_disputed.sql

-- begin db/functions/files_and_worklist/private.empty_file.sql
-- What still waits in a file that is no longer good waits for the next one. Locked in the order in which others lock several pushes.
create or replace function private.empty_file(p_file sync.files, p_error_code text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update sync.pushes as p
  set accepted_until = null, file_id = null, error_code = p_error_code, next_attempt_at = clock_timestamp()
  from (
    select k.id from sync.pushes as k
    where k.organization_id = p_file.organization_id and k.file_id = p_file.id and k.settled_at is null
    order by k.id for update) as held
  where p.id = held.id;
end
$$;
comment on function private.empty_file is 'In: a locked file, the code its changes get (null: none). Makes them due for the next file.';
-- end db/functions/files_and_worklist/private.empty_file.sql

-- begin db/functions/audit/private.record_event.sql
-- What nearly every audit event is written by; the two busiest ways spell theirs out (private.confirm_known_login,
-- private.settle_pushes). The message carries no member id of the organisation's: some organisations use numbers
-- of eleven digits there, and an audit row must never look as if it held a personnummer.
create or replace function private.record_event(
  p_event text, p_source text, p_organization_id uuid, p_message text,
  p_member_id uuid default null, p_observation_id uuid default null,
  p_conflict_id uuid default null, p_push_id uuid default null, p_detail jsonb default '{}',
  p_actor text default null
)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into audit.events
    (event, source, actor, organization_id, message, member_id, observation_id, conflict_id, push_id, detail)
  values
    (p_event, p_source, coalesce(p_actor, private.actor()), p_organization_id, p_message, p_member_id, p_observation_id, p_conflict_id, p_push_id,
     p_detail);
end
$$;
comment on function private.record_event is 'In: one thing that happened. Appends it to audit.events with the time and the actor (null: whoever calls).';
-- end db/functions/audit/private.record_event.sql

-- begin db/functions/files_and_worklist/private.withdraw_file.sql
-- A change in a file was cancelled, or its number is in question. While nobody has fetched the file it can be taken back: the others go into
-- a new one at once, which is why this one no longer counts as having been ready. What was fetched cannot be called back.
create or replace function private.withdraw_file(p_file_id uuid)
returns sync.files
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  f sync.files;
begin
  update sync.files as k set state = 'expired', content = null, ready_at = null, accept_until = null
  where k.id = p_file_id and k.state = 'ready' and k.fetched_at is null
  returning k.* into f;
  if f.id is not null then
    perform private.empty_file(f, null);
    perform private.record_event('file_expired', 'worker', f.organization_id,
      'A change in the file was cancelled, or its number is in question, before anybody fetched it; the others go into a new one.',
      p_detail => jsonb_build_object('file_id', f.id));
  end if;
  return f;
end
$$;
comment on function private.withdraw_file is 'In: the file of a push that is not to be sent now. Takes it back if it is ready and nobody has fetched it. Out: the file as it is then; null: it cannot be taken back.';
-- end db/functions/files_and_worklist/private.withdraw_file.sql

-- begin db/functions/files_and_worklist/private.lock_file.sql
-- A file that the caller may see, locked. Here, and not in the login that put a number in question, a file is taken back for it: a login
-- never does work in proportion to a file. What nobody asks for is taken back within a minute (private.expire_files).
create or replace function private.lock_file(p_file_id uuid)
returns sync.files
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  f sync.files;
begin
  select known.* into f from sync.files as known
  where known.id = p_file_id and known.organization_id = any (private.coordinator_organizations()) for update;
  if private.file_is_disputed(f) then
    f := private.withdraw_file(f.id);
  end if;
  return f;
end
$$;
comment on function private.lock_file is 'In: a file. Out: the file, locked; null when the caller may not see it.';
-- end db/functions/files_and_worklist/private.lock_file.sql

-- begin db/functions/audit/private.record_repeatable.sql
-- What anybody can bring about as often as they like (a refusal, fetching the same number again, an unsigned message) must not fill the audit,
-- which keeps its rows for good. The first five of a kind within an hour are events; the others are counted, and the count becomes one event
-- when the hour is over (private.record_repetitions). What is counted as one kind is the caller's to say.
create or replace function private.record_repeatable(
  p_kind text, p_event text, p_source text, p_organization_id uuid, p_message text,
  p_member_id uuid default null, p_push_id uuid default null, p_detail jsonb default '{}', p_conflict_id uuid default null
)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_times integer;
begin
  insert into registry.repeated_events as r (kind, hour, event, source, actor, organization_id, member_id, conflict_id, push_id, message,
    detail)
  values (p_event || ' ' || p_kind, date_trunc('hour', clock_timestamp()), p_event, p_source, private.actor(), p_organization_id,
    p_member_id, p_conflict_id, p_push_id, p_message, p_detail)
  on conflict (kind, hour) do update set times = r.times + 1,
    -- What several did, or did to several, is counted in nobody's name.
    actor = case when r.actor = excluded.actor then r.actor else 'several' end,
    detail = case when r.detail = excluded.detail then r.detail else r.detail - 'id' end
  returning r.times into v_times;
  if v_times <= 5 then
    perform private.record_event(p_event, p_source, p_organization_id, p_message,
      p_member_id => p_member_id, p_conflict_id => p_conflict_id, p_push_id => p_push_id, p_detail => p_detail);
  end if;
  return v_times;
end
$$;
comment on function private.record_repeatable is 'In: what it counts with, then as private.record_event. Out: how many times in this hour. Appends the event, or counts it.';
-- end db/functions/audit/private.record_repeatable.sql

-- begin db/functions/sessions/private.link_stands.sql
-- A session lives by the login it began with. Whoever takes the link away ends the session too; this finds the one that was being opened in that
-- very moment. A coordinator's lives while the staff provider that vouched is the organisation's: who switches it off wants nobody to go on.
create or replace function private.link_stands(p_session registry.sessions)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from registry.observations as o
    join registry.identity_links as l on (l.organization_id, l.issuer, l.subject) = (o.organization_id, o.issuer, o.subject)
    where o.id = p_session.observation_id and l.member_id = p_session.member_id)
  or exists (
    select from registry.coordinators as c
    join registry.identity_providers as p on (p.organization_id, p.issuer) = (c.organization_id, c.issuer)
    where c.user_id = p_session.coordinator_id and c.organization_id = p_session.organization_id and p.provider = 'staff' and p.enabled)
$$;
comment on function private.link_stands is 'In: a session. Out: whether the login it began with is still linked to its member, or its staff provider still lets its coordinator in.';
-- end db/functions/sessions/private.link_stands.sql

-- begin db/functions/sessions/private.session_member.sql
-- Explicit linking is asked for by a member who is logged in: a session that lives, in the same organisation, and whose own login is
-- still that member's.
create or replace function private.session_member(p_session_id uuid, p_organization_id uuid)
returns uuid
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select s.member_id from registry.sessions as s
  where s.id = p_session_id and s.organization_id = p_organization_id
    and s.code_used_at is not null and s.ended_at is null and s.expires_at > now() and private.link_stands(s)
$$;
comment on function private.session_member is 'In: a session, the organisation. Out: its member while the session lives, otherwise null.';
-- end db/functions/sessions/private.session_member.sql

-- begin db/functions/own_record/private.calling_member.sql
-- Which record a member's own access token is for. The session says it, not the subject of the token: a merge moves the session to the
-- surviving record, and signing out, or the link going, ends it at once. The token's subject is that record, or one merged into it. A token of
-- Supabase Auth, and a coordinator's, is for no record. The one predicate behind everything that members see and do.
create or replace function private.calling_member()
returns uuid
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_claims constant jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  if v_claims -> 'app_metadata' ->> 'audience' is distinct from 'members' then
    return null;
  end if;
  return (
    select m.id from registry.sessions as s
    join registry.members as m on m.id = private.session_member(s.id, s.organization_id)
    where s.id = (v_claims ->> 'session_id')::uuid and m.merged_into is null and exists (
      select from registry.members as named
      where named.user_id::text = v_claims ->> 'sub' and m.id in (named.id, named.merged_into)));
end
$$;
comment on function private.calling_member is 'Out: the member who calls the API with an access token of a session that lives; null for everybody else.';
-- end db/functions/own_record/private.calling_member.sql

-- begin db/functions/conflicts/private.record_refusal.sql
-- A refusal is an answer, not an exception: raised, it would roll back its own audit row.
create or replace function private.record_refusal(p_action text, p_code text, p_id uuid)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_member_id constant uuid := private.calling_member();
  -- Whose coordinator or member asked; null for one of several organisations, and for none.
  v_organization_id constant uuid := coalesce(
    (select m.organization_id from registry.members as m where m.id = v_member_id),
    (select min(o.id::text)::uuid from unnest(private.coordinator_organizations()) as o(id) having count(*) = 1));
begin
  -- Counted for each coordinator and member; those who are none, and of whom there may be any number, together.
  perform private.record_repeatable(
    concat_ws(' ', case when v_member_id is null and private.coordinator_organizations() = '{}' then 'nobody' else private.actor() end,
      p_action, p_code),
    'refused', case when v_member_id is null then 'coordinator' else 'app' end, v_organization_id,
    format('Refused: %s (%s).', p_action, replace(p_code, '_', ' ')), p_member_id => v_member_id,
    p_detail => jsonb_build_object('action', p_action, 'code', p_code, 'id', p_id));
end
$$;
comment on function private.record_refusal is 'In: what was asked, code of the refusal, the id asked about. Appends the audit event, or counts it.';
-- end db/functions/conflicts/private.record_refusal.sql

-- begin db/functions/conflicts/private.refusals.sql
-- Every refusal a coordinator can meet, or a member. An id of another organisation and one that does not exist are answered the same.
create or replace function private.refusals()
returns table (code text, status integer, message text)
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  values
    ('not_found', 404, 'There is no such row for you.'),
    ('stale_version', 409, 'The case, or the record, has changed since you looked at it. Read it again and decide on what it says now.'),
    ('not_open', 409, 'The case is settled already.'),
    ('awaits_approval', 409, 'A decision on this case is proposed already: another coordinator approves or declines it, or the first withdraws it.'),
    ('not_proposed', 409, 'No decision on this case waits for approval.'),
    ('own_proposal', 409, 'You proposed this yourself. Another coordinator approves or declines it; you can withdraw it.'),
    ('not_your_proposal', 409, 'Another coordinator proposed this. You can decline it.'),
    ('already_assigned', 409, 'A colleague looks after this case. Give it back first, then take it.'),
    ('date_unusable', 422, 'A case is postponed until a day from tomorrow on, within a year.'),
    ('text_missing', 422, 'Write something.'),
    ('too_many_comments', 409, 'The case has two hundred comments already.'),
    ('number_of_cases', 422, 'Name from 1 to 200 cases, and beside each its version.'),
    ('several_classes', 422, 'The cases are not of one kind and class. Decide on those of each class together. Nothing was done.'),
    ('key_is_private', 422, 'This is a private key, which belongs to nobody else. Throw it away, make a new pair, and send the public one.'),
    ('key_unusable', 422, 'This is no public key that numbers can be sealed for: a JWK of X25519 or P-256.'),
    ('unknown_decision', 422, 'There is no such decision.'),
    ('decision_not_applicable', 422, 'That decision cannot be made of a case of this kind.'),
    ('number_taken', 409, 'Another member has this number. Settle which of the two records is the person''s first.'),
    ('evidence_changed', 409, 'The records or the login have changed since, so this can no longer be done. Look at the case again.'),
    ('capture_off', 409, 'The organisation has not recorded its legal basis for storing numbers, or why they are necessary.'),
    ('already_linked', 409, 'The login is linked to a member already.'),
    ('member_erased', 409, 'The person was erased, or is about to be: nothing more is decided about the record.'),
    ('person_in_reason', 422, 'The reason tells who it is, and is kept. Write it without name, number, address or birth date.'),
    ('erasure_not_done', 409, 'The receipt is not there yet. Try again in a minute; if it stays so, the operator must look at it.'),
    ('receipt_given', 409, 'The receipt was given out already, which happens once.'),
    ('member_merged', 409, 'The member was merged into another record. Use the surviving one.'),
    ('not_failed', 409, 'The push has not failed, or a later one has taken its place.'),
    ('disputed', 409, 'The number is in question in an open case. Settle that first.'),
    ('name_one_thing', 422, 'Name one push, or up to a thousand, or one error code, or one case.'),
    ('not_waiting', 409, 'The change does not wait on the worklist any more.'),
    ('not_sealed_yet', 409, 'The number is not ready to be fetched. Try again in a minute; if it stays so, the operator must look at it.'),
    ('not_ready', 409, 'The file cannot be fetched or acknowledged: it is being written, or it is settled already.'),
    ('not_in_file', 422, 'One of the ids is not in this file. Nothing was acknowledged: look at the ids and do it again.'),
    ('not_resolved', 409, 'The case has no decision that could be undone.'),
    ('too_late', 409, 'A decision can be undone for 30 days.'),
    ('undone_too_often', 409, 'Decisions on this case were undone twenty times already. Leave it as it is, or ask the operator.'),
    ('note_too_long', 422, 'A note has 4000 characters at most.'),
    ('number_in_note', 422, 'The note holds eleven digits that may be a personnummer. Write it without them.'),
    ('query_unusable', 422, 'Write two letters or more of each name, or a birth date, a phone, an e-mail address or a member number.'),
    ('limit_unusable', 422, 'From 1 to 50 members are shown at a time.'),
    ('number_in_query', 422, 'Nobody is found by a personnummer. Search by name, birth date, phone, e-mail address or member number.'),
    ('nothing_to_withdraw', 409, 'There is no consent of yours that could be withdrawn.'),
    ('rule_unknown', 422, 'There is no such rule of a grant.'),
    ('division_unknown', 422, 'The municipalities of that year are not known here. The operator adds them: docs/grant-reports.md, "A new year".'),
    ('year_not_over', 409, 'The day on which is counted has not passed yet.'),
    ('corrects_unknown', 422, 'What is corrected is the last frozen snapshot of the same organisation, base year and rule.'),
    ('frozen_already', 409, 'That is frozen. A correction is a new count that names the frozen one.'),
    ('count_failed', 409, 'The members could not be counted: there are no figures. Have them counted again.'),
    ('is_being_counted', 409, 'Members are being counted for a grant at this moment. Try again when that is done.'),
    ('list_unusable', 422, 'There is no such list, or not of that length.'),
    ('area_unusable', 422, 'Name counties or municipalities, by their numbers in that year.'),
    ('unknown_language', 422, 'The language is nb, nn or en.'),
    ('invoice_not_open', 409, 'The invoice is issued, is being issued at this moment, or is cancelled.'),
    ('reason_too_long', 422, 'A reason has 500 characters at most.'),
    ('newer_change', 409, 'Something newer depends on this decision. Undo or settle that first.')
$$;
comment on function private.refusals is 'Out: code, HTTP status and message of every refusal.';
-- end db/functions/conflicts/private.refusals.sql

-- begin db/functions/conflicts/private.refusal.sql
-- What a refusal looks like: the shape that supabase-js reads errors from.
create or replace function private.refusal(p_code text)
returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('code', r.code, 'message', r.message, 'details', null, 'hint', null)
  from private.refusals() as r where r.code = p_code
$$;
comment on function private.refusal is 'In: code of a refusal. Out: the answer.';
-- end db/functions/conflicts/private.refusal.sql

-- begin db/functions/conflicts/private.refuse.sql
-- PostgREST takes the HTTP status from the setting response.status, and commits.
create or replace function private.refuse(p_action text, p_code text, p_id uuid)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('response.status', (select r.status::text from private.refusals() as r where r.code = p_code), true);
  perform private.record_refusal(p_action, p_code, p_id);
  return private.refusal(p_code);
end
$$;
comment on function private.refuse is 'In: what was asked, code of the refusal, the id asked about. Out: the answer. Sets the HTTP status; appends the audit event, or counts it.';
-- end db/functions/conflicts/private.refuse.sql

-- begin db/functions/files_and_worklist/private.fetch_sync_file.sql
-- Fetching numbers leaves a trace in the same transaction. From then on the file cannot be taken back (private.withdraw_file).
create or replace function private.fetch_sync_file(p_file_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  f constant sync.files := private.lock_file(p_file_id);
begin
  if f.id is null then
    return private.refuse('fetch_sync_file', 'not_found', p_file_id);
  elsif f.state <> 'ready' then
    return private.refuse('fetch_sync_file', 'not_ready', p_file_id);
  end if;
  update sync.files set fetched_at = clock_timestamp() where id = f.id and fetched_at is null;
  perform private.record_repeatable(private.actor() || ' ' || f.id, 'file_fetched', 'coordinator', f.organization_id,
    format('A coordinator fetched a sealed file with %s changes.', f.pushes),
    p_detail => jsonb_build_object('file_id', f.id));
  return jsonb_build_object('file_id', f.id, 'sealed', f.content, 'changes', f.pushes);
end
$$;
comment on function private.fetch_sync_file is 'See api.fetch_sync_file.';
grant execute on function private.fetch_sync_file to authenticated;
-- end db/functions/files_and_worklist/private.fetch_sync_file.sql

-- begin db/functions/files_and_worklist/api.fetch_sync_file.sql
-- The file itself, sealed for the organisation's own key.
create or replace function api.fetch_sync_file(file_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.fetch_sync_file(fetch_sync_file.file_id);
end;
comment on function api.fetch_sync_file is 'In: a file of api.sync_files that is ready. Out: the CSV (external_id,personnummer; an empty number is to be removed) as a compact JWE for the organisation''s receiver_key, or a refusal with code and message (HTTP 404, 409). Every call is audited; after the fifth within an hour they are counted.';
grant execute on function api.fetch_sync_file to authenticated;
-- end db/functions/files_and_worklist/api.fetch_sync_file.sql

-- begin db/functions/upkeep/private.tg__refuse_write.sql
-- Views of schema api are read; what coordinators change goes through its functions. Nobody has the right to write to one, but PostgreSQL
-- looks first whether a view can be written to at all, and that answer is a 500 at PostgREST. With this trigger it can, so the right is
-- asked for: 401 and 403. The trigger itself is met by the owner only.
create or replace function private.tg__refuse_write()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'The view %.% is read only.', TG_TABLE_SCHEMA, TG_TABLE_NAME
    using errcode = 'insufficient_privilege', hint = 'Changes go through the functions of schema api.';
end
$$;
comment on function private.tg__refuse_write is 'Trigger: refuses the statement with 42501.';
-- end db/functions/upkeep/private.tg__refuse_write.sql

-- begin db/functions/files_and_worklist/api.sync_files.sql
-- Files of changes for member systems without an interface, newest first.
create or replace view api.sync_files with (security_invoker = true) as
select
  f.id as file_id, g.slug as organization, f.state, f.pushes as changes, f.created_at, f.ready_at, f.accept_until, f.acknowledged_at
from sync.files as f
join registry.organizations as g on g.id = f.organization_id
where f.ready_at is not null;
comment on view api.sync_files is 'Files of the coordinator''s organisations: those that can be fetched (ready), and what became of the others.';
comment on column api.sync_files.file_id is 'The file; api.fetch_sync_file and api.acknowledge_sync_file take it.';
comment on column api.sync_files.organization is 'Whose members (slug).';
comment on column api.sync_files.state is 'ready: to be fetched; acknowledged; expired: its changes went into a later file.';
comment on column api.sync_files.changes is 'How many changes it holds.';
comment on column api.sync_files.created_at is 'When it was begun.';
comment on column api.sync_files.ready_at is 'When it could be fetched.';
comment on column api.sync_files.accept_until is 'When it expires, if nobody acknowledges it.';
comment on column api.sync_files.acknowledged_at is 'When the receiver confirmed it.';
grant select on api.sync_files to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.sync_files
for each row execute function private.tg__refuse_write();
-- end db/functions/files_and_worklist/api.sync_files.sql

-- begin db/functions/conflicts/private.supersede_cases.sql
-- What coordinators were asked has answered itself: nobody has to close these cases, and the audit says what settled each of them.
create or replace function private.supersede_cases(p_ids uuid[], p_source text, p_because text, p_push_id uuid default null)
returns uuid[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
  v_closed uuid[] := array[]::uuid[];
begin
  for c in
    update registry.conflicts as known
    set state = 'superseded', superseded_by = p_because, proposal = null, closed_at = clock_timestamp(), version = known.version + 1
    where known.id = any (p_ids) and known.closed_at is null
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
-- end db/functions/conflicts/private.supersede_cases.sql

-- begin db/functions/breakers/private.close_member_system_case.sql
-- The case about a member system is obsolete when it works again; no coordinator has to say so.
create or replace function private.close_member_system_case(p_organization_id uuid)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.supersede_cases(array(
    select c.id from registry.conflicts as c
    where c.organization_id = p_organization_id and c.kind = 'member_system' and c.closed_at is null
  ), 'worker', 'The member system works again.')
$$;
comment on function private.close_member_system_case is 'In: an organisation. Closes the open cases about its member system.';
-- end db/functions/breakers/private.close_member_system_case.sql

-- begin db/functions/pushes/private.enqueue.sql
-- The only caller of graphile-worker's add_job, but for private.begin_renewal. Task name, payload, key, flag and number of attempts are fixed
-- here, so that no caller can queue anything else. Payloads hold ids only: a failed job stays in the queue's tables for anyone to read. The
-- flag names the organisation: workers do not fetch the jobs of one whose breaker is open (sync.breakers), but for a probe.
create or replace function private.enqueue(p_task private.task, p_id uuid, p_run_at timestamptz default null, p_flag text default null)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flag text := p_flag;
begin
  if p_task = 'push_personnummer' then
    select 'org:' || p.organization_id into v_flag from sync.pushes as p
    where p.id = p_id and not exists (select from sync.breakers as b where b.probe_push_id = p_id);
  end if;
  -- Under contention on one key add_job can answer NULL and drop the request; a change must not be lost by that.
  if (graphile_worker.add_job(
    identifier => p_task::text,
    payload => json_build_object(
      case p_task when 'push_personnummer' then 'push_id' when 'carry_out_erasure' then 'erasure_id'
        when 'issue_invoice' then 'invoice_id' when 'count_grant' then 'snapshot_id' else 'observation_id' end, p_id),
    job_key => p_task || ':' || p_id,
    run_at => p_run_at,
    max_attempts => case p_task when 'count_grant' then 5 else 25 end, -- a coordinator waits for it, and can ask again
    flags => array_remove(array[v_flag], null)
  )).id is null then
    raise exception 'The job queue did not take the job.' using errcode = 'PN010';
  end if;
end
$$;
comment on function private.enqueue is 'In: task, the id it is about, earliest time (null: now). Queues the job in this transaction; raises PN010 if the queue refuses.';
-- end db/functions/pushes/private.enqueue.sql

-- begin db/functions/conflicts/private.same_disagreement.sql
-- What makes two sightings the same disagreement, said once. Either the fingerprint is the same (same kind, same people, same login); or
-- it is about a member's number, and the number is the same under any version of the key that both sides know, whoever else has it by now.
-- A case knows its disagreement while it is open, and for good once a coordinator has settled it so that it does not come back; but a
-- push that failed, a consent that was withdrawn, a member system that is out of order, a key or an
-- erasure that is proposed is each time a new one.
create or replace function private.same_disagreement(c registry.conflicts)
returns setof registry.conflicts
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select known.* from registry.conflicts as known
    where known.organization_id = c.organization_id and known.fingerprint = c.fingerprint and known.closed_at is null
    union all
    select known.* from registry.conflicts as known
    where known.organization_id = c.organization_id and known.fingerprint = c.fingerprint and known.state = 'resolved'
      and known.decision in ('keep_existing', 'not_same_person')
      and known.kind not in ('push_failed', 'consent_revoked', 'member_system', 'receiver_key', 'erasure')
    union all
    select known.* from registry.conflicts as known
    where c.kind in ('mismatch', 'drift')
      and known.organization_id = c.organization_id and known.member_id = c.member_id and known.kind = c.kind
      and (known.closed_at is null or known.state = 'resolved' and known.decision in ('keep_existing', 'not_same_person'))
      and (known.personnummer_index || known.personnummer_index_previous) && (c.personnummer_index || c.personnummer_index_previous);
end
$$;
comment on function private.same_disagreement is 'In: a case, stored or to be opened. Out: the cases about the same disagreement that are open, or settled and remembered; the case itself too, if it is one of them.';
-- end db/functions/conflicts/private.same_disagreement.sql

-- begin db/functions/conflicts/private.open_case.sql
-- The one place where a case is written. A disagreement becomes a case once: one that is open already is counted up, and so is one that a
-- coordinator has settled, because the decision is remembered. Of several settled ones (a decision was taken back and made again while the
-- disagreement was a case of its own) the one under the current key stands for all, then the last. A coordinator may be settling it at this
-- moment: the update waits, and sees how. What was settled so that there is no disagreement any more (the login linked, the records merged)
-- is no new case: whoever asks is decided again.
create or replace function private.open_case(p_case registry.conflicts)
returns registry.conflicts
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- The number under every key version that is known, the current one first.
  v_indexes constant text[] := array_remove(p_case.personnummer_index || p_case.personnummer_index_previous, null);
  -- Of numbers that no login brought it is kept when they were seen last: logins have rows of their own.
  v_number_seen_at constant timestamptz := case when p_case.observation_id is null and v_indexes <> '{}' then clock_timestamp() end;
  v_known_id constant uuid := (
    select known.id from private.same_disagreement(p_case) as known
    order by known.state = 'resolved' desc, (known.personnummer_index = v_indexes[1]) is true desc, known.closed_at desc limit 1);
  c registry.conflicts;
begin
  update registry.conflicts as known
  set seen = known.seen + 1, last_seen_at = clock_timestamp(), number_seen_at = coalesce(v_number_seen_at, known.number_seen_at),
      -- Who else has the number may have changed, and is what the coordinator sees.
      other_member_id = case when known.closed_at is null then p_case.other_member_id else known.other_member_id end,
      version = known.version + (known.closed_at is null and (
        known.other_member_id is distinct from p_case.other_member_id
        or known.kind <> 'mismatch' and v_indexes <> '{}' and not v_indexes && (known.personnummer_index || known.personnummer_index_previous)
      ))::integer,
      -- The newest version of the key; whoever knows only an older one than the case does changes nothing. A login that is in question may
      -- bring another number than before: where the case is not about the number itself, the last one counts.
      (personnummer_index, personnummer_index_previous) = (
        select number.current, number.previous from (values
          (1, v_indexes[1], v_indexes[2:], known.personnummer_index = any (v_indexes)
            or known.kind <> 'mismatch' and known.closed_at is null and v_indexes <> '{}' and not v_indexes && known.personnummer_index_previous),
          (2, known.personnummer_index, known.personnummer_index_previous, true)) as number(nth, current, previous, holds)
        where number.holds order by number.nth limit 1)
  where known.id = v_known_id and (known.closed_at is null or known.state = 'resolved' and known.decision in ('keep_existing', 'not_same_person'))
  returning known.* into c;
  if found then
    return c;
  elsif v_known_id is not null and p_case.kind not in ('inconsistent', 'push_failed', 'consent_revoked', 'member_system', 'receiver_key',
    'erasure', 'grant_snapshot') then
    raise exception 'The case was settled meanwhile.' using errcode = 'serialization_failure';
  end if;
  insert into registry.conflicts as known
    (id, organization_id, kind, member_id, other_member_id, candidates, observation_id, push_id, fingerprint,
     personnummer_index, personnummer_index_previous, number_seen_at, detail)
  values (
    coalesce(p_case.id, gen_random_uuid()), p_case.organization_id, p_case.kind, p_case.member_id, p_case.other_member_id,
    coalesce(p_case.candidates, '{}'), p_case.observation_id, p_case.push_id, p_case.fingerprint,
    v_indexes[1], v_indexes[2:], v_number_seen_at, coalesce(p_case.detail, '{}'))
  on conflict (organization_id, fingerprint) where closed_at is null
    do update set seen = known.seen + 1, last_seen_at = clock_timestamp()
  returning known.* into c;
  return c;
end
$$;
comment on function private.open_case is 'In: a case to be opened: organisation, kind, fingerprint, detail, and what its kind asks for. Out: the case: new (seen once), open already, or settled before.';
-- end db/functions/conflicts/private.open_case.sql

-- begin db/functions/pushes/private.settle_pushes.sql
-- The only writer of final states: row and audit event, for one push or many in one statement. The event has what
-- private.record_push_event writes; a call of it for each push would cost deliveries more than the rest of this.
create or replace function private.settle_pushes(
  p_ids uuid[], p_http_statuses integer[], p_error_codes text[], p_state sync.push_state, p_event text, p_message text,
  p_next_attempt_at timestamptz default null
)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with settled as (
    update sync.pushes as p
    set state = p_state, settled_at = clock_timestamp(), next_attempt_at = p_next_attempt_at, lease_expires_at = null,
        error_code = t.error_code, http_status = t.http_status
    from unnest(p_ids, p_http_statuses, p_error_codes) as t(id, http_status, error_code)
    where p.id = t.id
    returning p.*
  )
  insert into audit.events (event, source, actor, organization_id, message, member_id, observation_id, push_id, detail)
  select p_event, 'worker', private.actor(), s.organization_id, p_message, s.member_id, s.observation_id, s.id,
    jsonb_strip_nulls(jsonb_build_object(
      'attempt', s.attempts, 'error_code', s.error_code, 'http_status', s.http_status, 'worker', s.leased_by))
  from settled as s;
end
$$;
comment on function private.settle_pushes is 'In: locked pushes, beside each HTTP status and error code to keep; final state, event, sentence; for given_up, when it is tried again all the same.';
-- end db/functions/pushes/private.settle_pushes.sql

-- begin db/functions/pushes/private.settle_push.sql
-- One push reaches its final state. Where it arrived, or nothing is left to carry, what failed before for this member no longer matters:
-- cases about it are obsolete, and pushes that were given up are not tried again.
create or replace function private.settle_push(
  p_push sync.pushes, p_state sync.push_state, p_event text, p_message text, p_next_attempt_at timestamptz default null
)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.settle_pushes(array[p_push.id], array[p_push.http_status], array[p_push.error_code],
    p_state, p_event, p_message, p_next_attempt_at);
  if p_state not in ('delivered', 'superseded') then
    return;
  end if;
  update sync.pushes set next_attempt_at = null
  where organization_id = p_push.organization_id and member_id = p_push.member_id and id <> p_push.id
    and state = 'given_up' and next_attempt_at is not null;
  perform private.supersede_cases(array(
    select c.id from registry.conflicts as c
    join sync.pushes as failed on failed.id = c.push_id
    where c.organization_id = p_push.organization_id and c.member_id = p_push.member_id
      and c.kind = 'push_failed' and c.closed_at is null and failed.created_at <= p_push.created_at
  ), 'worker', 'A later push settled it.', p_push.id);
end
$$;
comment on function private.settle_push is 'In: a locked push (with the code and status to keep), final state, event, sentence; for given_up, when it is tried again all the same.';
-- end db/functions/pushes/private.settle_push.sql

-- begin db/functions/pushes/private.fail_push.sql
-- Given up or refused: never silence, always a case for a coordinator. Given up is tried again the next day all the same; a push
-- that fails so again counts its case up, or opens it anew where a coordinator has closed it.
create or replace function private.fail_push(p_push sync.pushes, p_state sync.push_state, p_event text, p_message text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant timestamptz := case when p_state = 'given_up' then clock_timestamp() + interval '1 day' end;
  c registry.conflicts;
begin
  c.organization_id := p_push.organization_id;
  c.kind := 'push_failed';
  c.member_id := p_push.member_id;
  c.push_id := p_push.id;
  c.fingerprint := 'push_failed ' || p_push.id;
  c.detail := jsonb_strip_nulls(jsonb_build_object(
    'error_code', p_push.error_code, 'http_status', p_push.http_status, 'attempts', p_push.attempts));
  perform private.open_case(c);
  perform private.settle_push(p_push, p_state, p_event, p_message, v_at);
  if v_at is not null then
    perform private.enqueue('push_personnummer', p_push.id, v_at);
  end if;
end
$$;
comment on function private.fail_push is 'In: a push (with code and status), final state, event, sentence. Opens a case and settles the push.';
-- end db/functions/pushes/private.fail_push.sql

-- begin db/functions/files_and_worklist/private.acknowledge_sync_file.sql
-- Only changes that still wait in this file are settled: one that a newer change has overtaken is in a later file. A mistyped id would
-- turn a refusal into a delivery, so an id that is not in the file stops it all.
create or replace function private.acknowledge_sync_file(p_file_id uuid, p_refused text[])
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  f constant sync.files := private.lock_file(p_file_id);
  p sync.pushes;
  v_counts jsonb;
begin
  if f.id is null then
    return private.refuse('acknowledge_sync_file', 'not_found', p_file_id);
  elsif f.state <> 'ready' then
    return private.refuse('acknowledge_sync_file', 'not_ready', p_file_id);
  elsif exists (
    select n.external_id from unnest(p_refused) as n(external_id) where n.external_id is not null
    except
    select m.external_id from sync.pushes as known join registry.members as m on m.id = known.member_id
    where known.organization_id = f.organization_id and known.file_id = f.id
  ) then
    return private.refuse('acknowledge_sync_file', 'not_in_file', p_file_id);
  end if;
  for p in
    select known.* from sync.pushes as known
    where known.organization_id = f.organization_id and known.file_id = f.id and known.state = 'pending' order by known.id for update
  loop
    -- The receiver's word on a change is its delivery, or its refusal, and counts as its attempt.
    update sync.pushes set attempts = attempts + 1 where id = p.id returning * into p;
    p.error_code := (
      select 'refused_by_receiver' from registry.members as m
      where m.id = p.member_id and m.external_id = any (p_refused));
    insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, error_code, duration_ms)
    values (p.id, p.organization_id, p.attempts, private.actor(),
      case when p.error_code is null then 'delivered' else 'rejected' end::sync.attempt_result, p.error_code, 0);
    if p.error_code is null then
      perform private.settle_push(p, 'delivered', 'push_delivered', 'The receiver of the file carried the change out.');
    else
      perform private.fail_push(p, 'rejected', 'push_rejected', 'The receiver of the file could not carry the change out; a case was opened.');
    end if;
  end loop;
  update sync.files set state = 'acknowledged', content = null, acknowledged_at = clock_timestamp(), acknowledged_by = private.actor()
  where id = f.id;
  select jsonb_build_object('file_id', f.id, 'delivered', count(*) filter (where known.state = 'delivered'),
    'refused', count(*) filter (where known.state = 'rejected')) into v_counts
  from sync.pushes as known where known.organization_id = f.organization_id and known.file_id = f.id;
  perform private.close_member_system_case(f.organization_id);
  perform private.record_event('file_acknowledged', 'coordinator', f.organization_id, 'A coordinator acknowledged the file.', p_detail => v_counts);
  return v_counts;
end
$$;
comment on function private.acknowledge_sync_file is 'See api.acknowledge_sync_file.';
grant execute on function private.acknowledge_sync_file to authenticated;
-- end db/functions/files_and_worklist/private.acknowledge_sync_file.sql

-- begin db/functions/files_and_worklist/api.acknowledge_sync_file.sql
-- The receiver confirms a file, except for members it could not update.
create or replace function api.acknowledge_sync_file(file_id uuid, refused_external_ids text[] default '{}')
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.acknowledge_sync_file(acknowledge_sync_file.file_id, acknowledge_sync_file.refused_external_ids);
end;
comment on function api.acknowledge_sync_file is 'In: a file of api.sync_files that is ready, the external ids of members it could not be carried out for. Out: how many changes were delivered and how many refused (each a case), or a refusal with code and message (HTTP 404, 409).';
grant execute on function api.acknowledge_sync_file to authenticated;
-- end db/functions/files_and_worklist/api.acknowledge_sync_file.sql

-- begin db/functions/coordinators/private.caller_id.sql
-- Who calls the API: the subject of the access token that PostgREST has verified, and no other claim.
create or replace function private.caller_id()
returns uuid
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid
$$;
comment on function private.caller_id is 'Out: user id of the caller of the API; null without one.';
grant execute on function private.caller_id to authenticated;
-- end db/functions/coordinators/private.caller_id.sql

-- begin db/functions/assignment/private.is_assigned.sql
-- Who looks after a case does so for seven days from the last thing they did about it.
create or replace function private.is_assigned(p_assigned_to uuid, p_assigned_until timestamptz)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select p_assigned_to is not null and p_assigned_until > now()
$$;
comment on function private.is_assigned is 'In: whom a case was assigned to, until when. Out: whether it still is.';
grant execute on function private.is_assigned to authenticated; -- called by views
-- end db/functions/assignment/private.is_assigned.sql

-- begin db/functions/assignment/private.keep_assignment.sql
-- The coordinator who looks after a case did something about it: the seven days begin anew.
create or replace function private.keep_assignment(p_conflict_id uuid)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  update registry.conflicts set assigned_until = now() + interval '7 days'
  where id = p_conflict_id and assigned_to = private.caller_id() and private.is_assigned(assigned_to, assigned_until)
$$;
comment on function private.keep_assignment is 'In: a locked case. Lengthens its assignment where it is the caller''s.';
-- end db/functions/assignment/private.keep_assignment.sql

-- begin db/functions/erasure/private.family_of.sql
-- A person is all records that were merged with each other: each of them may have had a number and a place in the member system.
create or replace function private.family_of(p_member_id uuid)
returns uuid[]
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  with recursive up(id, organization_id, merged_into) as (
    select m.id, m.organization_id, m.merged_into from registry.members as m where m.id = p_member_id
    union
    select m.id, m.organization_id, m.merged_into from registry.members as m join up on m.id = up.merged_into
  ), family(id, organization_id) as (
    select up.id, up.organization_id from up where up.merged_into is null
    union
    select m.id, m.organization_id from registry.members as m join family as f on m.organization_id = f.organization_id and m.merged_into = f.id
  )
  select array(select f.id from family as f order by f.id);
end;
comment on function private.family_of is 'In: a member. Out: the record it was merged into, and every record merged into that one, in the order in which they are locked.';
grant execute on function private.family_of to authenticated; -- called by private.digest_evidence
-- end db/functions/erasure/private.family_of.sql

-- begin db/functions/matching/private.lock_login.sql
-- A login is here what comes back each time: issuer and subject. Several cases may be about one, and none about one that is linked to
-- nobody; and where it brought no number, there is none that could be locked. So coordinators who decide whose login it is meet here
-- first, before anything else is locked.
create or replace function private.lock_login(p_observation_id uuid)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select pg_catalog.pg_advisory_xact_lock(
    pg_catalog.hashtextextended('login ' || o.organization_id || ' ' || o.issuer || ' ' || o.subject, 0))
  from registry.observations as o where o.id = p_observation_id
$$;
comment on function private.lock_login is 'In: an observation. Waits until no other coordinator is deciding whose login it is.';
-- end db/functions/matching/private.lock_login.sql

-- begin db/functions/number/private.lock_number.sql
-- "Nobody has this number yet" is no row that could be locked. Everybody about to give a number to a member of the
-- organisation meets here instead. The masked form is the same under every version of the index key, also while one is
-- being rotated; that a few people of one birth date share it costs them a moment's wait.
create or replace function private.lock_number(p_organization_id uuid, p_masked text)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select pg_catalog.pg_advisory_xact_lock(
    pg_catalog.hashtextextended('personnummer ' || p_organization_id || ' ' || p_masked, 0))
$$;
comment on function private.lock_number is 'In: organisation, masked number. Waits until no other transaction is giving such a number to a member there.';
-- end db/functions/number/private.lock_number.sql

-- begin db/functions/conflicts/private.lock_cases.sql
-- Everything that decisions about cases may touch, locked in the common order (logins, numbers, members, cases; several of a kind in an order
-- of their own), so that neither a member who logs in at the same moment nor a colleague can come between, and nobody waits in a circle.
-- Undoing a merge asks again about other people too (private.reopen_superseded), whose numbers must hold still meanwhile. A case the caller
-- may not see is as good as none.
create or replace function private.lock_cases(p_conflict_ids uuid[])
returns setof registry.conflicts
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids constant uuid[] := array(
    select c.id from registry.conflicts as c
    where c.id = any (p_conflict_ids) and c.organization_id = any (private.coordinator_organizations()));
begin
  perform private.lock_login(login.observation_id) from (
    select min(o.id::text)::uuid as observation_id from registry.conflicts as c join registry.observations as o on o.id = c.observation_id
    where c.id = any (v_ids) group by o.organization_id, o.issuer, o.subject order by o.organization_id, o.issuer, o.subject) as login;
  perform private.lock_number(brought.organization_id, brought.masked) from (
    select c.organization_id, o.personnummer_masked from registry.conflicts as c join registry.observations as o on o.id = c.observation_id
    where c.id = any (v_ids) and o.personnummer_masked is not null
    union
    select c.organization_id, n.personnummer_masked from registry.conflicts as c join registry.offered_numbers as n on n.conflict_id = c.id
    where c.id = any (v_ids) and c.observation_id is null
    order by 1, 2
  ) as brought(organization_id, masked);
  perform from registry.members as m
  where m.id in (
    select unnest(asked.candidates || array[asked.member_id, asked.other_member_id, (asked.proposal).member_id]
      || case when asked.kind = 'erasure' then private.family_of(asked.member_id) end)
    from registry.conflicts as asked where asked.id = any (v_ids || array(
      select unnest((r.before).superseded) from registry.resolutions as r where r.conflict_id = any (v_ids) and r.undone_at is null)))
  order by m.id for no key update;
  return query select c.* from registry.conflicts as c where c.id = any (v_ids) order by c.id for update;
end
$$;
comment on function private.lock_cases is 'In: ids of cases. Out: those that the caller may see, as they are once everything they concern is locked.';
-- end db/functions/conflicts/private.lock_cases.sql

-- begin db/functions/conflicts/private.lock_case.sql
-- One case of private.lock_cases.
create or replace function private.lock_case(p_conflict_id uuid)
returns registry.conflicts
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
begin
  select locked.* into c from private.lock_cases(array[p_conflict_id]) as locked;
  return c;
end
$$;
comment on function private.lock_case is 'In: id of a case. Out: the case as it is once everything it concerns is locked; null when the caller may not see it.';
-- end db/functions/conflicts/private.lock_case.sql

-- begin db/functions/notes/private.plain_digits.sql
-- Full-width, Arabic, Devanagari and all other decimal digits of Unicode as 0 to 9, spaces of every kind as one blank, dashes of every kind as
-- one hyphen, and without what nobody sees between them.
create or replace function private.plain_digits(p_text text)
returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  -- Where the ten digits of a script begin, but for those that NFKC folds (full-width, mathematical, circled, raised).
  c_zeros constant integer[] := array[
    1632, 1776, 1984, 2406, 2534, 2662, 2790, 2918, 3046, 3174, 3302, 3430, 3558, 3664, 3792, 3872, 4160, 4240, 6112, 6160, 6470, 6608, 6784,
    6800, 6992, 7088, 7232, 7248, 42528, 43216, 43264, 43472, 43504, 43600, 44016, 66720, 68912, 68928, 69734, 69872, 69942, 70096, 70384, 70736,
    70864, 71248, 71360, 71376, 71386, 71472, 71904, 72016, 72688, 72784, 73040, 73120, 73184, 73552, 90416, 92768, 92864, 93008, 93552, 123200,
    123632, 124144, 124401, 125264];
  v_text text;
begin
  if octet_length(p_text) = length(p_text) then
    return regexp_replace(p_text, '\s', ' ', 'g');
  end if;
  select translate(normalize(p_text, nfkc), string_agg(chr(z.code + d.digit), '' order by z.code, d.digit),
    repeat('0123456789', cardinality(c_zeros)))
  into v_text from unnest(c_zeros) as z(code) cross join generate_series(0, 9) as d(digit);
  v_text := regexp_replace(v_text,
    '[\u00AD\u0300-\u036F\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\u20D0-\u20FF\uFE00-\uFE0F\uFEFF]', '', 'g');
  v_text := regexp_replace(v_text, '[\u2010-\u2015\u2212\u2043\uFE58\uFE63\uFF0D]', '-', 'g');
  return regexp_replace(v_text, '[\s\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]', ' ', 'g');
end
$$;
comment on function private.plain_digits is 'In: a text. Out: the same with ASCII digits, blanks and hyphens, without invisible characters.';
grant execute on function private.plain_digits to audit_owner; -- private.holds_number calls it
grant execute on function private.plain_digits to billing_owner; -- checks of invoices ask it
-- end db/functions/notes/private.plain_digits.sql

-- begin db/functions/notes/private.says_nothing.sql
-- A text of white space only, of whatever kind, or of characters that nobody sees, tells a colleague nothing.
create or replace function private.says_nothing(p_text text)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(btrim(private.plain_digits(p_text)) = '', true)
$$;
comment on function private.says_nothing is 'In: what somebody wrote (null: nothing). Out: whether nothing of it can be read.';
-- end db/functions/notes/private.says_nothing.sql

-- begin db/functions/assignment/private.why_not_comment.sql
-- A table that keeps its rows does not grow with what one person repeats.
create or replace function private.why_not_comment(p_conflict_id uuid)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when (
      select count(*) >= 200 from registry.conflict_comments as k where k.organization_id = c.organization_id and k.conflict_id = c.id)
    then 'too_many_comments' end
  from registry.conflicts as c where c.id = p_conflict_id
$$;
comment on function private.why_not_comment is 'In: a case. Out: code of the refusal where it has too many comments already, null: go ahead.';
-- end db/functions/assignment/private.why_not_comment.sql

-- begin db/functions/notes/private.controls_hold.sql
-- The check of a number that personnummer/ makes with a library, as far as a text needs it: a date in one of the ways numbers carry one (day
-- + 40; month + 40, 65 or 80), and control digits by the present rule or the one from 2032 (national-identity-number, sections 1 to 3).
create or replace function private.controls_hold(p_digits text)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select substr(p_digits, 1, 2)::integer % 40 between 1 and 31 and substr(p_digits, 1, 2)::integer < 72
    and substr(p_digits, 3, 2) ~ '^(0[1-9]|1[0-2]|4[1-9]|5[0-2]|6[6-9]|7[0-7]|8[1-9]|9[0-2])$'
    and (select sum(substr(p_digits, w.nth::integer, 1)::integer * w.weight) % 11 between 0 and 3
         from unnest(array[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) with ordinality as w(weight, nth))
    and (select sum(substr(p_digits, w.nth::integer, 1)::integer * w.weight) % 11 = 0
         from unnest(array[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) with ordinality as w(weight, nth))
$$;
comment on function private.controls_hold is 'In: eleven digits. Out: whether they could be a personnummer, a D-number, or one of the numbers made like them.';
grant execute on function private.controls_hold to audit_owner; -- private.holds_number calls it
grant execute on function private.controls_hold to billing_owner; -- checks of invoices ask it
-- end db/functions/notes/private.controls_hold.sql

-- begin db/functions/notes/private.holds_number.sql
-- Told not to, somebody writes a personnummer into a note all the same, in one of many ways. Eleven digits in a way that people write numbers
-- (in one, 6 and 5, date with dots or strokes and 5, or one by one) are enough: with wrong control digits it is a mistyped one. Grouped in any
-- other way, or with the year in full, eleven digits may be phone numbers, amounts and times of the day beside each other: then date and control
-- digits decide. A plus begins a telephone number. Digits of every script count, and what cannot be seen does not part them.
create or replace function private.holds_number(p_text text)
returns boolean
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text text;
  v_run text;
  v_groups text[];
  v_digits text;
begin
  -- Every audit event is asked, and nearly none has so many digits: that is counted first, where the only digits there can be are 0 to 9.
  if p_text is null or octet_length(p_text) = length(p_text) and length(p_text) - length(translate(p_text, '0123456789', '')) < 11 then
    return false;
  end if;
  v_text := regexp_replace(private.plain_digits(p_text), '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '', 'gi'); -- ids of ours are made of digits too
  if length(regexp_replace(v_text, '[^0-9]', '', 'g')) < 11 then
    return false;
  elsif v_text ~ '(?<![0-9])[0-9]{6}[^[:alnum:]]{0,3}[0-9]{3}[ ./-]?[0-9]{2}(?![0-9])'
    -- Parted like a date, and a day and a month: 44 / 900 00 after two pairs of digits is a phone number.
    or v_text ~ ('(?<![0-9])(0[1-9]|[12][0-9]|3[01]|4[1-9]|[56][0-9]|7[01])[ ./-]?(0[1-9]|1[0-2]|4[1-9]|5[0-2]|6[6-9]|7[0-7]|8[1-9]|9[0-2])'
      || '[ ./-]?[0-9]{2}[^[:alnum:]]{0,3}[0-9]{3}[ ./-]?[0-9]{2}(?![0-9])') then
    return true;
  end if;
  for v_run in
    select r.found[1] from regexp_matches(v_text, '[0-9](?:[^+0-9A-Za-z\u00C0-\u1FFF\u2C00-\u2DFF\u3040-\uFFFD]{0,4}[0-9])*', 'g') as r(found)
  loop
    v_groups := array(select g.found[1] from regexp_matches(v_run, '[0-9]+', 'g') as g(found));
    if cardinality(v_groups) = 11 and length(array_to_string(v_groups, '')) = 11 then
      return true;
    end if;
    for i in 1 .. cardinality(v_groups) loop
      v_digits := '';
      for j in i .. cardinality(v_groups) loop
        v_digits := v_digits || v_groups[j];
        exit when length(v_digits) >= 11;
      end loop;
      if length(v_digits) = 11 and private.controls_hold(v_digits) then
        return true;
      end if;
    end loop;
  end loop;
  return exists (
    select from regexp_matches(v_text, '(?<![0-9])([0-9]{1,2})[ ./-]+([0-9]{1,2})[ ./-]+(?:18|19|20)?([0-9]{2})'
      || '[^[:alnum:]]{1,4}([0-9]{3}) ?([0-9]{2})(?![0-9])', 'g') as d(part)
    where private.controls_hold(lpad(d.part[1], 2, '0') || lpad(d.part[2], 2, '0') || d.part[3] || d.part[4] || d.part[5]));
end
$$;
comment on function private.holds_number is 'In: a text that a person wrote, or that is for people. Out: whether it may hold a personnummer. The one predicate for notes, evidence of consent, and sentences of the audit.';
grant execute on function private.holds_number to audit_owner; -- audit.sentence asks it
grant execute on function private.holds_number to billing_owner; -- checks of invoices ask it
-- end db/functions/notes/private.holds_number.sql

-- begin db/functions/notes/private.why_not_note.sql
-- Coordinators' notes are the only text that people write into the database. One with a number is sent back rather than masked, so that the
-- person knows.
create or replace function private.why_not_note(p_note text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when length(p_note) > 4000 then 'note_too_long'
    when private.holds_number(p_note) then 'number_in_note'
  end
$$;
comment on function private.why_not_note is 'In: a coordinator''s note. Out: code of the refusal where it is too long for its column or may hold a personnummer, null: go ahead.';
-- end db/functions/notes/private.why_not_note.sql

-- begin db/functions/assignment/private.write_comment.sql
-- The one place where a comment is written. The audit knows that there is one and how long it is; the text can be erased with the person that it
-- is about, and an event cannot.
create or replace function private.write_comment(c registry.conflicts, p_user_id uuid, p_text text)
returns registry.conflict_comments
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  k registry.conflict_comments;
begin
  if not private.says_nothing(p_text) then
    insert into registry.conflict_comments (organization_id, conflict_id, user_id, text)
    values (c.organization_id, c.id, p_user_id, p_text)
    returning * into k;
    perform private.record_event('case_commented', 'coordinator', c.organization_id, 'A comment was written on the case.',
      p_member_id => coalesce(c.member_id, c.candidates[1]), p_conflict_id => c.id, p_push_id => c.push_id,
      p_detail => jsonb_build_object('kind', c.kind, 'comment_id', k.id, 'user_id', p_user_id, 'length', length(p_text)));
  end if;
  return k;
end
$$;
comment on function private.write_comment is 'In: a locked case, whose comment, its text (null or blank: there is none). Out: the comment.';
-- end db/functions/assignment/private.write_comment.sql

-- begin db/functions/assignment/private.add_comment.sql
-- What a colleague should know, whatever becomes of the case.
create or replace function private.add_comment(p_conflict_id uuid, p_text text)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c constant registry.conflicts := private.lock_case(p_conflict_id);
  v_refusal constant text := case
    when c.id is null then 'not_found'
    when private.says_nothing(p_text) then 'text_missing'
    else coalesce(private.why_not_note(p_text), private.why_not_comment(c.id))
  end;
  k registry.conflict_comments;
begin
  if v_refusal is not null then
    return private.refuse('add_comment', v_refusal, p_conflict_id);
  end if;
  k := private.write_comment(c, private.caller_id(), p_text);
  perform private.keep_assignment(c.id);
  return jsonb_build_object('conflict_id', c.id, 'comment_id', k.id, 'written_at', k.written_at);
end
$$;
comment on function private.add_comment is 'See api.add_comment.';
grant execute on function private.add_comment to authenticated;
-- end db/functions/assignment/private.add_comment.sql

-- begin db/functions/assignment/api.add_comment.sql
-- A coordinator tells colleagues something about a case.
create or replace function api.add_comment(conflict_id uuid, text text)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.add_comment(add_comment.conflict_id, add_comment.text);
end;
comment on function api.add_comment is 'In: a case, a comment of at most 4000 characters, never with a number. Out: the comment''s id and time, or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.add_comment to authenticated;
-- end db/functions/assignment/api.add_comment.sql

-- begin db/functions/conflicts/private.answer.sql
-- What a rule answered, handed to the caller: a refusal gets its HTTP status and its audit event here.
create or replace function private.answer(p_action text, p_id uuid, p_answer jsonb)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_answer ? 'code' then
    return p_answer || private.refuse(p_action, p_answer ->> 'code', p_id);
  end if;
  return p_answer;
end
$$;
comment on function private.answer is 'In: what was asked, the id asked about, what came of it. Out: the answer.';
-- end db/functions/conflicts/private.answer.sql

-- begin db/functions/conflicts/private.evidence_of_case.sql
-- What disagreed with the record: a login, or an import. A case opened by an import has no observation, so one is made up of
-- what the import brought.
create or replace function private.evidence_of_case(c registry.conflicts)
returns registry.observations
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations;
begin
  if c.observation_id is not null then
    select known.* into strict o from registry.observations as known where known.id = c.observation_id;
    if c.kind = 'mismatch' and o.personnummer_index is not null then -- seen again since, perhaps under a newer key
      o.personnummer_index := coalesce(c.personnummer_index, o.personnummer_index);
      o.personnummer_index_previous := c.personnummer_index_previous;
    end if;
    return o;
  end if;
  select n.personnummer_index, n.personnummer_index_previous, n.personnummer_sealed, n.personnummer_masked
  into o.personnummer_index, o.personnummer_index_previous, o.personnummer_sealed, o.personnummer_masked
  from registry.offered_numbers as n where n.conflict_id = c.id;
  o.organization_id := c.organization_id;
  o.member_id := c.member_id;
  o.source := 'import';
  return o;
end
$$;
comment on function private.evidence_of_case is 'In: a case. Out: its observation, or one made up of the number that an import offered.';
-- end db/functions/conflicts/private.evidence_of_case.sql

-- begin db/functions/consent/private.withdraws.sql
-- Is this message newer than that login? A login is a new consent, so only a message that comes after it withdraws it. Two clocks are in
-- this. Ours saw both arrive: a login that came after the message stands, whatever time the message claims (nobody signed it, and it may
-- be dated ahead). A message that came after the login may have been long on its way: when the provider wrote it, and when it issued the
-- login's token, both are the provider's time, in whole seconds. auth_time is neither: with single sign-on it is old. Without a token
-- there is only our clock to compare with.
create or replace function private.withdraws(p_revocation registry.revocations, p_observation registry.observations)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_revocation.event = 'CONSENT_REVOKED' and not p_revocation.late
    and p_revocation.received_at >= p_observation.received_at
    and p_revocation.issued_at >= coalesce(p_observation.issued_at, date_trunc('second', p_observation.received_at, 'UTC'))
$$;
comment on function private.withdraws is 'In: a withdrawal, by the provider''s unverified message or by the member, about a login''s subject, that login. Out: whether it withdraws the consent that the login gave.';
-- end db/functions/consent/private.withdraws.sql

-- begin db/functions/consent/private.is_withdrawn.sql
-- A login that is decided late, or linked later by a coordinator, may be older than the message that its consent was withdrawn. The link may
-- not have been there when the message came, so the messages themselves are asked.
create or replace function private.is_withdrawn(p_observation registry.observations)
returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from registry.revocations as r
    where r.organization_id = p_observation.organization_id and r.provider = p_observation.provider and r.subject = p_observation.subject
      and private.withdraws(r, p_observation));
end
$$;
comment on function private.is_withdrawn is 'In: an observation. Out: whether consent was withdrawn after that login, as the member or an unverified message said.';
-- end db/functions/consent/private.is_withdrawn.sql

-- begin db/functions/consent/private.needs_consent.sql
-- Whether a number may not be stored yet: the provider's row says that the member is to be asked, the record has no number,
-- and no consent is stored.
create or replace function private.needs_consent(p_observation registry.observations)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
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
-- end db/functions/consent/private.needs_consent.sql

-- begin db/functions/number/private.fills_gap.sql
-- Whether an observed number may go into a record: without replacing anything, without taking it from anybody, and not before the
-- member's consent where the provider's row asks for one, nor without the organisation's legal basis. A coordinator knows whose login
-- it is; that is no answer of the member's.
create or replace function private.fills_gap(p_observation registry.observations, p_member_id uuid)
returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
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
-- end db/functions/number/private.fills_gap.sql

-- begin db/functions/number/private.recorded_number.sql
-- A record's number in all its stored forms, kept with a decision so that it can be taken back.
create or replace function private.recorded_number(p_member_id uuid)
returns registry.number
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select row(m.personnummer_index, null, m.personnummer_sealed, m.personnummer_masked, m.personnummer_source, m.personnummer_at)::registry.number
  from registry.members as m where m.id = p_member_id
$$;
comment on function private.recorded_number is 'In: a member. Out: the number of its record; every field null where it has none.';
-- end db/functions/number/private.recorded_number.sql

-- begin db/functions/sessions/private.end_session.sql
-- Ends a session and its token family, and says why.
create or replace function private.end_session(p_session registry.sessions, p_reason registry.session_end)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update registry.sessions set ended_at = now(), end_reason = p_reason where id = p_session.id and ended_at is null;
  if found then
    perform private.record_event('session_ended', 'app', p_session.organization_id,
      format('The session ended: %s.', replace(p_reason::text, '_', ' ')),
      p_member_id => p_session.member_id, p_detail => jsonb_build_object('session_id', p_session.id, 'reason', p_reason),
      p_actor => 'coordinator:' || p_session.coordinator_id);
  end if;
end
$$;
comment on function private.end_session is 'In: a session, the reason. Ends it once.';
-- end db/functions/sessions/private.end_session.sql

-- begin db/functions/sessions/private.end_login_sessions.sql
-- A login that is taken away from a member takes its sessions with it: whoever holds them came in as that member by this login.
-- Called after the link has changed. A session that is being opened in that very moment is found at its next refresh (link_stands).
create or replace function private.end_login_sessions(p_organization_id uuid, p_issuer text, p_subject text, p_member_id uuid)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.end_session(s, 'link_removed')
  from registry.sessions as s join registry.observations as o on o.id = s.observation_id
  where s.organization_id = p_organization_id and s.member_id = p_member_id and s.ended_at is null
    and (o.issuer, o.subject) = (p_issuer, p_subject)
$$;
comment on function private.end_login_sessions is 'In: organisation, issuer and subject of a login, the member it was linked to. Ends the sessions that began with it as that member.';
-- end db/functions/sessions/private.end_login_sessions.sql

-- begin db/functions/matching/private.linked_member.sql
-- The first match rule: a login that was linked before stays linked, whatever phone, e-mail or name say now.
create or replace function private.linked_member(p_observation registry.observations)
returns uuid
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select l.member_id
  from registry.identity_links as l
  where l.organization_id = p_observation.organization_id
    and l.issuer = p_observation.issuer
    and l.subject = p_observation.subject
$$;
comment on function private.linked_member is 'In: an observation. Out: the member its issuer and subject are linked to, or null.';
-- end db/functions/matching/private.linked_member.sql

-- begin db/functions/matching/private.set_link.sql
-- A coordinator says whose login it is. The only place where a link ever moves from one member to another; sessions that began with
-- the login as the first one end.
create or replace function private.set_link(p_observation registry.observations, p_member_id uuid)
returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant uuid := private.linked_member(p_observation);
begin
  insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule)
  values (p_observation.organization_id, p_observation.issuer, p_observation.subject, p_member_id, p_observation.provider, 'coordinator')
  on conflict (organization_id, issuer, subject)
    do update set member_id = excluded.member_id, match_rule = excluded.match_rule, explanation = '{}';
  if v_before <> p_member_id then
    perform private.end_login_sessions(p_observation.organization_id, p_observation.issuer, p_observation.subject, v_before);
  end if;
  delete from registry.excluded_links as x
  where (x.organization_id, x.issuer, x.subject, x.member_id)
      = (p_observation.organization_id, p_observation.issuer, p_observation.subject, p_member_id);
  perform private.record_event(case when v_before is null then 'linked' else 'link_moved' end, 'coordinator',
    p_observation.organization_id, 'A coordinator linked the login to the member.',
    p_member_id => p_member_id, p_observation_id => p_observation.id,
    p_detail => jsonb_strip_nulls(jsonb_build_object('match_rule', 'coordinator', 'before', v_before)));
  return v_before;
end
$$;
comment on function private.set_link is 'In: an observation, a member. Out: the member it was linked to before, for undo; null: none. Links the observation''s login to the member.';
-- end db/functions/matching/private.set_link.sql

-- begin db/functions/number/private.has_number.sql
-- Whether a record has a number that a login or an import brought, or that was kept with a decision. Indexes of different key versions cannot be
-- compared; then the masked forms are.
create or replace function private.has_number(m registry.members, n registry.number)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select m.personnummer_index is not null and n.index is not null and (
    m.personnummer_index = any (n.index || n.previous)
    or m.personnummer_masked = n.masked and split_part(m.personnummer_index, '.', 1) <> all (
      select split_part(known.index, '.', 1) from unnest(n.index || n.previous) as known(index)))
$$;
comment on function private.has_number is 'In: a member, a number. Out: whether the record has that number.';
-- end db/functions/number/private.has_number.sql

-- begin db/functions/number/private.number_of.sql
-- The number that a login, or an import, brought.
create or replace function private.number_of(o registry.observations)
returns registry.number
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select row(o.personnummer_index, o.personnummer_index_previous, o.personnummer_sealed, o.personnummer_masked, o.source,
    clock_timestamp())::registry.number
$$;
comment on function private.number_of is 'In: an observation, or what stands for one (private.evidence_of_case). Out: its number, as it is written now.';
-- end db/functions/number/private.number_of.sql

-- begin db/functions/conflicts/private.is_obsolete.sql
-- A case about numbers is obsolete when the records have changed so that nothing of it is left. A mismatch: the record has the very number
-- by now, or none, which the next login fills. A duplicate: it has a number of its own, or nobody else has that number any more. Either: the
-- member withdrew the consent that the login's number came with, and it is erased (the retention task takes none from a case that may be decided).
create or replace function private.is_obsolete(c registry.conflicts, o registry.observations)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when c.kind in ('mismatch', 'duplicate') and o.number_erased_at is not null then true
    when o.personnummer_index is null then null
    when c.kind = 'mismatch' then m.personnummer_index is null or private.has_number(m, private.number_of(o))
    when c.kind = 'duplicate' then m.personnummer_index is not null or not private.has_number(other, private.number_of(o))
  end
  from registry.members as m
  left join registry.members as other on other.id = c.other_member_id
  where m.id = c.member_id
$$;
comment on function private.is_obsolete is 'In: a case, its evidence (private.evidence_of_case). Out: whether the numbers that the records have by now leave nothing to decide; null: not a case about numbers, or without one.';
-- end db/functions/conflicts/private.is_obsolete.sql

-- begin db/functions/conflicts/private.close_obsolete_cases.sql
-- Records got other numbers: what coordinators were asked about them may have answered itself. Left open, such a case would offer to
-- merge people who have nothing in common any more. If the disagreement is seen again, it is a new case.
create or replace function private.close_obsolete_cases(
  p_organization_id uuid, p_member_ids uuid[], p_source text, p_except uuid default null
)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.supersede_cases(array(
    select c.id from registry.conflicts as c
    where c.organization_id = p_organization_id and c.closed_at is null and c.kind in ('mismatch', 'duplicate')
      and (c.member_id = any (p_member_ids) or c.other_member_id = any (p_member_ids))
      and c.id is distinct from p_except and private.is_obsolete(c, private.evidence_of_case(c))
  ), p_source, 'The numbers of the records changed.')
$$;
comment on function private.close_obsolete_cases is 'In: members whose numbers have changed, who changed them (audit source), a case that is being settled. Closes the open cases about these numbers that are obsolete.';
-- end db/functions/conflicts/private.close_obsolete_cases.sql

-- begin db/functions/pushes/private.supersede_pushes.sql
-- A newer change of the same member makes a waiting push obsolete. One that is being sent right now is left alone: the worker
-- sees for itself, when it reports, that the record has moved on.
create or replace function private.supersede_pushes(p_member_id uuid)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes;
begin
  select known.* into p from sync.pushes as known where known.member_id = p_member_id and known.state = 'pending' for update;
  if p.id is not null then
    perform private.settle_pushes(array[p.id], array[p.http_status], array[p.error_code],
      'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
  end if;
end
$$;
comment on function private.supersede_pushes is 'In: a member. Settles the push that waits (there is one at most) as superseded.';
-- end db/functions/pushes/private.supersede_pushes.sql

-- begin db/functions/pushes/private.queue_push.sql
-- The change is to reach the member system. Row and job are written with the change itself, in one transaction: neither is
-- ever there without the other.
create or replace function private.queue_push(p_member_id uuid, p_observation_id uuid default null, p_decided boolean default false)
returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_push sync.pushes;
begin
  perform private.supersede_pushes(p_member_id);
  insert into sync.pushes (organization_id, member_id, observation_id, personnummer_index, decided)
  select m.organization_id, m.id, p_observation_id, m.personnummer_index, p_decided from registry.members as m where m.id = p_member_id
  returning * into strict v_push;
  if v_push.waits_for_conflict_id is null then
    perform private.enqueue('push_personnummer', v_push.id);
  end if;
  return v_push.id;
end
$$;
comment on function private.queue_push is 'In: a member whose number changed, the login that caused it, whether a coordinator decided on the number. Out: id of the push that will carry it.';
-- end db/functions/pushes/private.queue_push.sql

-- begin db/functions/number/private.write_numbers.sql
-- The one statement that gives records that are there already another number, or none. Whether they may have it is the callers' question,
-- who hold the locks; that no two records of an organisation have one number is what the unique index says. A merge changes a record once:
-- the number goes in the statement that says where the record went.
create or replace function private.write_numbers(p_member_ids uuid[], p_numbers registry.number[], p_merged_into uuid default null)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update registry.members as m
  set personnummer_index = n.index, personnummer_sealed = n.sealed, personnummer_masked = n.masked, personnummer_source = n.source,
      personnummer_at = n.at, merged_into = p_merged_into
  from unnest(p_member_ids, p_numbers) as n(member_id, index, previous, sealed, masked, source, at)
  where m.id = n.member_id;
end
$$;
comment on function private.write_numbers is 'In: members, beside each its number (null, or fewer of them: none), and the record that they are merged into (null: none).';
-- end db/functions/number/private.write_numbers.sql

-- begin db/functions/number/private.change_number.sql
-- A coordinator's decision gives a record a number that it did not bring in itself: an observed one, the one it had before, none, or that of a
-- record merged into it. The change is on its way to the member system in the same transaction.
create or replace function private.change_number(
  p_organization_id uuid, p_member_id uuid, p_number registry.number, p_event text, p_message text, p_conflict_id uuid,
  p_observation_id uuid default null
)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.write_numbers(array[p_member_id], array[p_number]);
  perform private.record_event(p_event, 'coordinator', p_organization_id, p_message, p_member_id => p_member_id,
    p_observation_id => p_observation_id, p_conflict_id => p_conflict_id,
    p_push_id => private.queue_push(p_member_id, p_observation_id, p_decided => true));
  perform private.close_obsolete_cases(p_organization_id, array[p_member_id], 'coordinator', p_conflict_id);
  return (select m.version from registry.members as m where m.id = p_member_id);
end
$$;
comment on function private.change_number is 'In: a member of the organisation, its new number (null: none), audit event and sentence, the case that is being settled, the login that brought the number. Out: the version that the record has now. Writes the number, queues the push.';
-- end db/functions/number/private.change_number.sql

-- begin db/functions/number/private.set_number.sql
-- A coordinator gives a record the observed number. What an import offered and a coordinator chose is the coordinator's: the next import may
-- not replace it.
create or replace function private.set_number(o registry.observations, p_member_id uuid, p_conflict_id uuid)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_number registry.number := private.number_of(o);
begin
  if v_number.source = 'import' then
    v_number.source := 'coordinator';
  end if;
  return private.change_number(o.organization_id, p_member_id, v_number, 'number_accepted',
    format('A coordinator gave the record the personnummer %s that %s brought.', o.personnummer_masked, o.source), p_conflict_id, o.id);
end
$$;
comment on function private.set_number is 'In: an observation, a member, the case. Out: the version that the record has now. Writes the number, queues the push.';
-- end db/functions/number/private.set_number.sql

-- begin db/functions/conflicts/private.accept_observed.sql
-- The login is the member's, and right. For a case about identity the login is linked, and a number fills an empty record only:
-- one that differs is a question of its own, which the next login brings up. For a mismatch the record takes the number.
create or replace function private.accept_observed(c registry.conflicts, o registry.observations)
returns registry.before_decision
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_member_id constant uuid := coalesce(c.member_id, c.candidates[1]);
  v_before registry.before_decision;
begin
  if c.kind <> 'mismatch' then
    v_before.link_before := private.set_link(o, v_member_id);
    v_before.link_after := v_member_id;
  end if;
  if c.kind = 'mismatch' or private.fills_gap(o, v_member_id) then
    v_before.member_id := v_member_id;
    v_before.number := private.recorded_number(v_member_id);
    v_before.version_after := private.set_number(o, v_member_id, c.id);
  end if;
  return v_before;
end
$$;
comment on function private.accept_observed is 'In: a locked case, its evidence (private.evidence_of_case). Out: the state before. Links the login and gives the record the observed number, as the kind of the case asks.';
-- end db/functions/conflicts/private.accept_observed.sql

-- begin db/functions/erasure/private.digest_external_id.sql
-- By this an import knows an erased member number again. The salt is the organisation's own: a digest alone, in the ledger or on a receipt, tells
-- nothing.
create or replace function private.digest_external_id(p_organization_id uuid, p_external_id text)
returns bytea
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select sha256(g.erasure_salt || convert_to(p_external_id, 'UTF8')) from registry.organizations as g where g.id = p_organization_id
$$;
comment on function private.digest_external_id is 'In: an organisation, a member number. Out: SHA-256 over the organisation''s salt and the number (UTF-8).';
-- end db/functions/erasure/private.digest_external_id.sql

-- begin db/functions/erasure/private.lock_family.sql
-- All records of a person, locked in the common order. A merge may change which they are while this waits; whoever asks tries again then.
create or replace function private.lock_family(p_member_id uuid)
returns uuid[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_member_ids constant uuid[] := private.family_of(p_member_id);
begin
  perform from registry.members as m where m.id = any (v_member_ids) order by m.id for no key update;
  if private.family_of(p_member_id) <> v_member_ids then
    raise exception 'The record was merged or separated meanwhile.' using errcode = 'serialization_failure';
  end if;
  return v_member_ids;
end
$$;
comment on function private.lock_family is 'In: a member. Out: all records of the person, locked. Raises serialization_failure: call again.';
-- end db/functions/erasure/private.lock_family.sql

-- begin db/functions/erasure/private.announce_erasure.sql
-- The erasure is decided. It is carried out in a second step (private.carry_out_erasure), because it has to stand outside the database before
-- anything is gone: a backup that is restored one day is held to that. From now on no coordinator decides about these records, and no import
-- changes them, so that they stay the ones that were announced.
create or replace function private.announce_erasure(
  p_member_id uuid, p_reason text, p_source text, p_requested_by text, p_approved_by text default null, p_conflict_id uuid default null
)
returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_member_ids constant uuid[] := private.lock_family(p_member_id);
  v_organization_id constant uuid := (select m.organization_id from registry.members as m where m.id = p_member_id);
  v_erasure_id uuid;
begin
  insert into audit.erasures (organization_id, member_id, reason, requested_by, approved_by, conflict_id)
  values (v_organization_id, p_member_id, p_reason, p_requested_by, p_approved_by, p_conflict_id)
  returning id into v_erasure_id;
  insert into audit.erased_records (member_id, organization_id, erasure_id, external_id_digest)
  select m.id, m.organization_id, v_erasure_id, private.digest_external_id(m.organization_id, m.external_id)
  from registry.members as m where m.id = any (v_member_ids);
  update registry.members as m set erasure_id = v_erasure_id where m.id = any (v_member_ids);
  perform private.record_event('erasure_announced', p_source, v_organization_id, 'The person is to be erased.',
    p_member_id => p_member_id, p_conflict_id => p_conflict_id,
    p_detail => jsonb_build_object('erasure_id', v_erasure_id, 'records', cardinality(v_member_ids)));
  perform private.enqueue('carry_out_erasure', v_erasure_id);
  return v_erasure_id;
end
$$;
comment on function private.announce_erasure is 'In: a member whose person nothing stands against to erase, the reason, audit source, who asked, who approved, the case. Out: the erasure, announced.';
-- end db/functions/erasure/private.announce_erasure.sql

-- begin db/functions/undo/private.undo_time.sql
-- Said once: for decisions, and for what is kept to take them back.
create or replace function private.undo_time()
returns interval
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select interval '30 days'
$$;
comment on function private.undo_time is 'Out: how long a decision can be taken back.';
grant execute on function private.undo_time to authenticated; -- called by private.undo_until
-- end db/functions/undo/private.undo_time.sql

-- begin db/functions/undo/private.undo_until.sql
-- What was sent cannot be unsent, what is frozen stays, and a key is followed by another key: there is nothing to take back.
create or replace function private.undo_until(p_kind registry.conflict_kind, p_decision registry.decision, p_decided_at timestamptz)
returns timestamptz
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select p_decided_at + private.undo_time() where p_kind not in ('push_failed', 'receiver_key', 'erasure', 'grant_snapshot')
    and p_decision <> 'retry_sync';
end;
comment on function private.undo_until is 'In: kind of a case, its decision in force, when it was made. Out: until when it can be taken back; null: not at all.';
grant execute on function private.undo_until to authenticated; -- called by api.settled_conflicts
-- end db/functions/undo/private.undo_until.sql

-- begin db/functions/conflicts/private.describe_case.sql
-- What the functions of the API answer about a case.
create or replace function private.describe_case(c registry.conflicts)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'conflict_id', c.id, 'kind', c.kind, 'state', c.state, 'decision', c.decision, 'version', c.version,
    'undo_until', (
      select private.undo_until(c.kind, r.decision, r.decided_at) from registry.resolutions as r where r.conflict_id = c.id and r.undone_at is null),
    'proposed_decision', case when c.state = 'proposed' then (c.proposal).decision end)
$$;
comment on function private.describe_case is 'In: a case. Out: id, kind, state, decision, version, until when the decision can be undone, and what is proposed.';
-- end db/functions/conflicts/private.describe_case.sql

-- begin db/functions/conflicts/private.record_case_event.sql
-- Audit events about a case all name the same ids.
create or replace function private.record_case_event(p_event text, p_conflict registry.conflicts, p_message text)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.record_event(p_event, 'coordinator', p_conflict.organization_id, p_message,
    p_member_id => coalesce(p_conflict.member_id, p_conflict.candidates[1]), p_observation_id => p_conflict.observation_id,
    p_conflict_id => p_conflict.id, p_push_id => p_conflict.push_id,
    p_detail => jsonb_strip_nulls(jsonb_build_object('kind', p_conflict.kind, 'decision', p_conflict.decision, 'version', p_conflict.version,
      'proposed_by', (p_conflict.proposal).by)))
$$;
comment on function private.record_case_event is 'In: event, case, sentence. Appends the audit event.';
-- end db/functions/conflicts/private.record_case_event.sql

-- begin db/functions/conflicts/private.close_case.sql
-- A case is settled: the decision is written on it, kept with what undo needs, and audited with the coordinator as actor. Where another one
-- had proposed it, the proposal stays on it.
create or replace function private.close_case(
  p_conflict registry.conflicts, p_decision registry.decision, p_note text, p_before registry.before_decision default null
)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts := p_conflict;
begin
  c.proposal.evidence := null;
  update registry.conflicts
  set state = 'resolved', decision = p_decision, decided_by = private.actor(), note = p_note, proposal = c.proposal,
      closed_at = clock_timestamp(), version = version + 1
  where id = c.id
  returning * into c;
  insert into registry.resolutions (organization_id, conflict_id, decision, decided_by, proposed_by, note, before)
  values (c.organization_id, c.id, p_decision, c.decided_by, (c.proposal).by, p_note, p_before);
  perform private.record_case_event('case_resolved', c, format(
    case when (c.proposal).by is null then 'A coordinator settled the case: %s.'
      else 'A coordinator approved what another had proposed, and the case is settled: %s.' end, replace(p_decision::text, '_', ' ')));
  return private.describe_case(c);
end
$$;
comment on function private.close_case is 'In: a locked case (its proposal: what is being approved, null: nothing), decision, note, the state before (null: the decision changed no record). Out: the settled case, for the caller.';
-- end db/functions/conflicts/private.close_case.sql

-- begin db/functions/matching/private.open_cases_of_login.sql
-- What coordinators are asked about one login, whichever of its visits opened the case.
create or replace function private.open_cases_of_login(o registry.observations)
returns setof registry.conflicts
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select known.* from registry.conflicts as known join registry.observations as seen on seen.id = known.observation_id
    where known.organization_id = o.organization_id and known.closed_at is null and known.kind in ('ambiguous', 'name_mismatch')
      and (seen.issuer, seen.subject) = (o.issuer, o.subject)
    order by known.id for update of known;
end
$$;
comment on function private.open_cases_of_login is 'In: an observation of the login. Out: the open cases about whose login it is, locked.';
-- end db/functions/matching/private.open_cases_of_login.sql

-- begin db/functions/matching/private.carry_out_link.sql
-- A login is linked to the member whom a coordinator named, which fills an empty record, and settles the open cases about that login.
create or replace function private.carry_out_link(
  o registry.observations, p_member_id uuid, p_note text, p_approved registry.conflicts default null
)
returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
  v_before registry.before_decision;
  v_conflict_id uuid; -- the case that undo takes
begin
  v_before.link_before := private.set_link(o, p_member_id);
  v_before.link_after := p_member_id;
  if private.fills_gap(o, p_member_id) then
    begin
      v_before.version_after := private.set_number(o, p_member_id, null);
      v_before.member_id := p_member_id; -- which had no number
    exception when unique_violation then
      null; -- an import that moves thousands of numbers gave this one to somebody at this moment: only the link is made
    end;
  end if;
  for c in
    select known.* from private.open_cases_of_login(o) as known order by known.id = p_approved.id desc, known.id
  loop
    c.proposal := case when c.id = p_approved.id then p_approved.proposal end; -- what was proposed instead falls
    perform private.close_case(c, 'link_login', p_note, v_before);
    v_conflict_id := coalesce(v_conflict_id, c.id);
    v_before := null; -- kept, and undone, with the first of them
  end loop;
  return v_conflict_id;
end
$$;
comment on function private.carry_out_link is 'In: an observation of a login that is linked to nobody, the member, the note, the case whose proposal is approved (null: none). Out: the case with the decision.';
-- end db/functions/matching/private.carry_out_link.sql

-- begin db/functions/matching/private.remove_link.sql
-- A coordinator's decision parts a login from a member: the link goes, and the sessions that began with it end.
create or replace function private.remove_link(o registry.observations, p_member_id uuid, p_message text, p_conflict_id uuid)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from registry.identity_links as l
  where (l.organization_id, l.issuer, l.subject) = (o.organization_id, o.issuer, o.subject);
  perform private.record_event('link_removed', 'coordinator', o.organization_id, p_message,
    p_member_id => p_member_id, p_observation_id => o.id, p_conflict_id => p_conflict_id);
  perform private.end_login_sessions(o.organization_id, o.issuer, o.subject, p_member_id);
end
$$;
comment on function private.remove_link is 'In: an observation, the member whom its login is linked to, sentence for the audit, the case. Removes the link.';
-- end db/functions/matching/private.remove_link.sql

-- begin db/functions/matching/private.exclude_login.sql
-- The login is not this member. The link goes, sessions that began with it end, and the match rules will never again propose
-- the member for this login.
create or replace function private.exclude_login(c registry.conflicts, o registry.observations)
returns registry.before_decision
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_not constant uuid[] := case when c.member_id is null then c.candidates else array[c.member_id] end;
  v_linked constant uuid := private.linked_member(o);
  v_before registry.before_decision;
begin
  if v_linked = any (v_not) then
    v_before.link_before := v_linked;
    perform private.remove_link(o, v_linked, 'A coordinator found that the login is not the member''s.', c.id);
  end if;
  with added as (
    insert into registry.excluded_links (organization_id, issuer, subject, member_id)
    select o.organization_id, o.issuer, o.subject, m.id from unnest(v_not) as m(id)
    on conflict do nothing
    returning member_id
  )
  select array_agg(member_id) into v_before.excluded from added;
  return v_before;
end
$$;
comment on function private.exclude_login is 'In: a locked case, its login. Out: the state before. Excludes the login from the member, or from every candidate, for good.';
-- end db/functions/matching/private.exclude_login.sql

-- begin db/functions/reporting/private.freeze_snapshot.sql
-- Two pairs of eyes have looked: from here on nothing changes it (private.tg_snapshots__frozen).
create or replace function private.freeze_snapshot(c registry.conflicts)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
begin
  update reporting.snapshots as known
  set state = 'frozen', proposed_by = (c.proposal).by, frozen_by = private.actor(), frozen_at = clock_timestamp(), conflict_id = c.id,
      version = known.version + 1
  where known.id = (c.detail ->> 'snapshot_id')::uuid and known.state = 'draft' returning known.* into strict s;
  perform private.record_event('grant_frozen', 'coordinator', s.organization_id,
    format('Two coordinators froze what was counted for a grant: %s members, base year %s.', s.counted, s.base_year), p_conflict_id => c.id,
    p_detail => jsonb_build_object('snapshot_id', s.id, 'rule', s.rule_code, 'digest', s.digest, 'corrects', s.corrects));
end
$$;
comment on function private.freeze_snapshot is 'In: a locked proposed case of kind grant_snapshot. Freezes its snapshot.';
-- end db/functions/reporting/private.freeze_snapshot.sql

-- begin db/functions/matching/private.move_exclusions.sql
-- What coordinators found out goes with a merge: a login that is not the one person is not the other, unless it is known to be. The merge
-- is the newer decision: a login that comes with the merged record is the survivor's, whatever was found before, until the merge is undone.
create or replace function private.move_exclusions(
  p_organization_id uuid, p_from uuid, p_to uuid, p_undone registry.before_decision default null,
  out moved registry.login_key[], out set_aside registry.login_key[]
)
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with moved as (
    update registry.excluded_links as x set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from
      and (p_undone is null or row(issuer, subject)::registry.login_key = any (p_undone.moved_exclusions))
      and not exists (
        select from registry.excluded_links as known
        where (known.organization_id, known.issuer, known.subject, known.member_id) = (x.organization_id, x.issuer, x.subject, p_to))
      and not exists (
        select from registry.identity_links as l
        where (l.organization_id, l.issuer, l.subject, l.member_id) = (x.organization_id, x.issuer, x.subject, p_to))
    returning issuer, subject
  ), set_aside as (
    delete from registry.excluded_links as x using registry.identity_links as l
    where p_undone is null and x.organization_id = p_organization_id and x.member_id = p_to
      and (l.organization_id, l.issuer, l.subject, l.member_id) = (x.organization_id, x.issuer, x.subject, p_from)
    returning x.issuer, x.subject
  ), put_back as (
    insert into registry.excluded_links (organization_id, issuer, subject, member_id)
    select p_organization_id, s.issuer, s.subject, p_from
    from unnest(p_undone.set_aside) as s
    where not exists ( -- a coordinator gave the login to the survivor since
      select from registry.identity_links as l
      where (l.organization_id, l.issuer, l.subject, l.member_id) = (p_organization_id, s.issuer, s.subject, p_from))
    on conflict do nothing
  )
  select array(select row(m.issuer, m.subject)::registry.login_key from moved as m),
    array(select row(s.issuer, s.subject)::registry.login_key from set_aside as s)
$$;
comment on function private.move_exclusions is 'In: organisation, member from, member to, the state before the merge that is undone (null: a merge). Out: logins whose exclusion moved, or was set aside. In an undo called after the links went back, otherwise before they move.';
-- end db/functions/matching/private.move_exclusions.sql

-- begin db/functions/conflicts/private.move_to_member.sql
-- Moves logins, observations, sessions and consents from one member record to another; in an undo, just those that the merge had moved.
create or replace function private.move_to_member(
  p_organization_id uuid, p_from uuid, p_to uuid, p_undone registry.before_decision default null,
  out links uuid[], out observations uuid[], out sessions uuid[], out consents uuid[]
)
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with links as (
    update registry.identity_links set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_undone is null or id = any (p_undone.moved_links))
    returning id
  ), observations as (
    update registry.observations set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_undone is null or id = any (p_undone.moved_observations))
    returning id
  ), sessions as (
    update registry.sessions set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_undone is null or id = any (p_undone.moved_sessions))
    returning id
  ), consents as (
    update registry.consents as k set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from and (p_undone is null or id = any (p_undone.moved_consents))
      and not exists (select from registry.consents as other
                      where other.member_id = p_to and other.provider = k.provider and other.state = 'given' and k.state = 'given')
    returning id
  )
  select array(select id from links), array(select id from observations), array(select id from sessions), array(select id from consents)
$$;
comment on function private.move_to_member is 'In: organisation, member from, member to, the state before the merge that is undone (null: everything moves). Out: ids of what was moved.';
-- end db/functions/conflicts/private.move_to_member.sql

-- begin db/functions/conflicts/private.merge_members.sql
-- Two records are one person: the record of the case is merged into the other one. Logins, observations and sessions go to the
-- survivor, and so does a number that the survivor lacks; the merged record stays as a mark of where it went, and is never found
-- again. Other open cases about it are obsolete.
create or replace function private.merge_members(c registry.conflicts)
returns registry.before_decision
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before registry.before_decision;
begin
  v_before.member_id := c.member_id;
  v_before.number := private.recorded_number(c.member_id);
  v_before.survivor := c.other_member_id;
  select moved.* into v_before.moved_exclusions, v_before.set_aside
  from private.move_exclusions(c.organization_id, c.member_id, c.other_member_id) as moved;
  select moved.* into v_before.moved_links, v_before.moved_observations, v_before.moved_sessions, v_before.moved_consents
  from private.move_to_member(c.organization_id, c.member_id, c.other_member_id) as moved;
  perform private.write_numbers(array[c.member_id], null, p_merged_into => c.other_member_id);
  v_before.version_after := (select m.version from registry.members as m where m.id = c.member_id);
  perform private.supersede_pushes(c.member_id);
  v_before.superseded := private.supersede_cases(array(
    select other.id from registry.conflicts as other
    where other.organization_id = c.organization_id and other.id <> c.id and other.closed_at is null
      and (c.member_id in (other.member_id, other.other_member_id) or c.member_id = any (other.candidates))
  ), 'coordinator', 'The record was merged into another.');
  perform private.record_event('members_merged', 'coordinator', c.organization_id, 'A coordinator merged the record into the other one.',
    p_member_id => c.member_id, p_conflict_id => c.id, p_detail => jsonb_build_object('survivor', c.other_member_id));
  if (v_before.number).index is not null
    and exists (select from registry.members as m where m.id = c.other_member_id and m.personnummer_index is null) then
    perform private.change_number(c.organization_id, c.other_member_id, v_before.number, 'number_accepted',
      format('The surviving record took over the personnummer %s of the merged one.', (v_before.number).masked), c.id);
    v_before.survivor_number := private.recorded_number(c.other_member_id);
  end if;
  return v_before;
end
$$;
comment on function private.merge_members is 'In: a locked case with two members. Out: the state before. Merges the first into the second.';
-- end db/functions/conflicts/private.merge_members.sql

-- begin db/functions/files_and_worklist/private.set_receiver_key.sql
-- From now on files, and numbers on the worklist, are sealed for this key; what waits is sealed again (private.tg_member_systems__seal_anew).
create or replace function private.set_receiver_key(c registry.conflicts)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update sync.member_systems as s set receiver_key = c.detail -> 'public_jwk' where s.organization_id = c.organization_id;
  perform private.record_event('receiver_key_accepted', 'coordinator', c.organization_id,
    'The organisation has another key, for which numbers on the worklist and files are sealed.',
    p_conflict_id => c.id, p_detail => jsonb_build_object('fingerprint', c.detail ->> 'fingerprint'));
end
$$;
comment on function private.set_receiver_key is 'In: a locked case of kind receiver_key. Gives the organisation''s member system that key.';
-- end db/functions/files_and_worklist/private.set_receiver_key.sql

-- begin db/functions/conflicts/private.carry_out.sql
-- A decision takes effect: at once, or when it is approved. One transaction: record, case, push and audit change together. The case closes
-- inside the block too: that proposer and approver are two people is said by a constraint, and then nothing has happened.
create or replace function private.carry_out(c registry.conflicts, o registry.observations, p_decision registry.decision, p_note text)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before registry.before_decision;
  v_constraint text;
begin
  case p_decision
    when 'accept_observed' then v_before := private.accept_observed(c, o);
    when 'not_same_person' then v_before := private.exclude_login(c, o);
    when 'merge_into' then v_before := private.merge_members(c);
    when 'accept_receiver_key' then perform private.set_receiver_key(c);
    when 'erase_member' then perform private.announce_erasure(c.member_id, p_note, 'coordinator', coalesce((c.proposal).by, private.actor()),
      case when (c.proposal).by is not null then private.actor() end, c.id);
    when 'freeze_snapshot' then perform private.freeze_snapshot(c);
    when 'link_login' then
      perform private.carry_out_link(o, (c.proposal).member_id, p_note, c);
      return (select private.describe_case(known) from registry.conflicts as known where known.id = c.id);
    else null; -- keep_existing changes nothing, and is remembered by the case itself
  end case;
  return private.close_case(c, p_decision, p_note, v_before);
exception
  when unique_violation then -- an import that moves thousands of numbers gave this one to somebody at this moment
    return private.refusal('number_taken');
  when check_violation then
    get stacked diagnostics v_constraint = constraint_name;
    if v_constraint not in ('conflicts_two_people', 'erasures_two_people', 'snapshots_two_people') then
      raise;
    end if;
    return private.refusal('own_proposal');
end
$$;
comment on function private.carry_out is 'In: a locked case, its evidence, a decision that nothing stands against, the note. Out: the settled case, or a refusal, which the caller audits.';
-- end db/functions/conflicts/private.carry_out.sql

-- begin db/functions/approval/private.digest_evidence.sql
-- What a coordinator judged, in one value: the records concerned, the login and whose it is, the key in force. Another value later means that
-- somebody would approve what nobody has looked at. Records are compared by what people see of them, not by their version: that rises
-- too where the index is renewed. Of the number there is only what is shown, and when it was written.
create or replace function private.digest_evidence(p_conflict_id uuid, p_member_id uuid)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select encode(sha256(convert_to(jsonb_build_object(
    'members', (
      select jsonb_agg(jsonb_build_array(m.id, m.given_name, m.family_name, m.birth_date, m.email, m.phone, m.personnummer_masked,
        m.personnummer_at, m.merged_into) order by m.id)
      from registry.members as m where m.id = any (c.candidates || array[c.member_id, c.other_member_id, p_member_id]
        || case when c.kind = 'erasure' then private.family_of(c.member_id) end)),
    'login', (
      select jsonb_build_array(o.given_name, o.family_name, o.birth_date, o.email, o.phone, o.personnummer_masked, l.member_id)
      from registry.observations as o
      left join registry.identity_links as l
        on l.organization_id = o.organization_id and l.issuer = o.issuer and l.subject = o.subject
      where o.id = c.observation_id),
    'key', (select s.receiver_key from sync.member_systems as s where s.organization_id = c.organization_id and c.kind = 'receiver_key'),
    'snapshot', c.detail -> 'digest'
  )::text, 'UTF8')), 'hex')
  from registry.conflicts as c where c.id = p_conflict_id;
end;
comment on function private.digest_evidence is 'In: a case, for link_login the member. Out: SHA-256 over what a coordinator sees of its records and its login.';
grant execute on function private.digest_evidence to authenticated; -- called by private.proposal_is_outdated
-- end db/functions/approval/private.digest_evidence.sql

-- begin db/functions/approval/private.proposal_is_outdated.sql
-- What was proposed on evidence that has changed since: the case itself (its version), or the records and the login. A view asks it with the
-- rights of its reader.
create or replace function private.proposal_is_outdated(p_conflict_id uuid)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select c.version > (c.proposal).version or private.digest_evidence(c.id, (c.proposal).member_id) <> (c.proposal).evidence
  from registry.conflicts as c where c.id = p_conflict_id;
end;
comment on function private.proposal_is_outdated is 'In: a proposed case. Out: whether its evidence has changed since.';
grant execute on function private.proposal_is_outdated to authenticated; -- called by api.approvals
-- end db/functions/approval/private.proposal_is_outdated.sql

-- begin db/functions/conflicts/private.why_not_decide.sql
-- What stands against a decision in the records and the login themselves: asked when it is made or proposed, and again when it is approved.
create or replace function private.why_not_decide(c registry.conflicts, o registry.observations, p_decision registry.decision)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_decision <> 'keep_existing' and exists (
      select from registry.members as m
      where m.id = any (c.candidates || array[c.member_id, c.other_member_id, (c.proposal).member_id])
        and m.erasure_id is not null) then 'member_erased'
    when p_decision = 'link_login' and private.linked_member(o) is not null then 'already_linked'
    when p_decision in ('accept_observed', 'merge_into', 'link_login') and exists (
      select from registry.members as m
      where m.id = any (c.candidates || array[c.member_id, c.other_member_id, (c.proposal).member_id])
        and m.merged_into is not null) then 'member_merged'
    when p_decision in ('accept_observed', 'merge_into') and private.is_obsolete(c, o) or p_decision = 'merge_into' and exists (
      select from registry.members as other
      where other.id = c.other_member_id and c.kind = 'mismatch' and o.personnummer_index is not null
        and not private.has_number(other, private.number_of(o))) then 'evidence_changed'
    when p_decision = 'accept_observed' and c.kind = 'mismatch'
      and not (select g.capture from registry.organizations as g where g.id = c.organization_id) then 'capture_off'
    when p_decision = 'accept_observed' and c.kind = 'mismatch' and exists (
      select from registry.members as m
      where m.organization_id = c.organization_id and m.id <> c.member_id
        and m.personnummer_index = any (o.personnummer_index || o.personnummer_index_previous)) then 'number_taken'
  end
$$;
comment on function private.why_not_decide is 'In: a locked case, its evidence (private.evidence_of_case), a decision that can be made of its kind. Out: code of the refusal, null: go ahead.';
-- end db/functions/conflicts/private.why_not_decide.sql

-- begin db/functions/approval/private.why_not_proposal.sql
-- Whoever approves, declines or withdraws must have seen the proposal that there is.
create or replace function private.why_not_proposal(c registry.conflicts, p_expected_version integer)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when c.id is null then 'not_found'
    when p_expected_version is distinct from c.version then 'stale_version'
    when c.state <> 'proposed' then 'not_proposed'
  end
$$;
comment on function private.why_not_proposal is 'In: a locked case (null: not visible), the version that the coordinator saw. Out: code of the refusal, null: there is such a proposal.';
-- end db/functions/approval/private.why_not_proposal.sql

-- begin db/functions/approval/private.approve.sql
-- The second pair of eyes: what another coordinator proposed takes effect, if it stands on what is true now.
create or replace function private.approve(p_conflict_id uuid, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c constant registry.conflicts := private.lock_case(p_conflict_id);
  o constant registry.observations := private.evidence_of_case(c);
  v_refusal constant text := coalesce(
    private.why_not_proposal(c, p_expected_version),
    case when private.proposal_is_outdated(c.id) then 'evidence_changed' end,
    private.why_not_decide(c, o, (c.proposal).decision));
begin
  if v_refusal is not null then
    return private.refuse('approve', v_refusal, p_conflict_id);
  end if;
  return private.answer('approve', p_conflict_id, private.carry_out(c, o, (c.proposal).decision, (c.proposal).note));
end
$$;
comment on function private.approve is 'See api.approve.';
grant execute on function private.approve to authenticated;
-- end db/functions/approval/private.approve.sql

-- begin db/functions/approval/api.approve.sql
-- A second coordinator agrees.
create or replace function api.approve(conflict_id uuid, expected_version integer)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.approve(approve.conflict_id, approve.expected_version);
end;
comment on function api.approve is 'In: a case of api.approvals that another coordinator proposed a decision for, its version. Out: the settled case, or a refusal with code and message (HTTP 404, 409).';
grant execute on function api.approve to authenticated;
-- end db/functions/approval/api.approve.sql

-- begin db/functions/approval/private.record_proposal_event.sql
-- Somebody can propose and withdraw all day long; what is done to one case again and again is counted.
create or replace function private.record_proposal_event(p_event text, c registry.conflicts, p_message text)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.record_repeatable(private.actor() || ' ' || c.id, p_event, 'coordinator', c.organization_id, p_message,
    p_member_id => coalesce(c.member_id, c.candidates[1]), p_conflict_id => c.id, p_push_id => c.push_id,
    p_detail => jsonb_build_object('kind', c.kind, 'decision', (c.proposal).decision, 'proposed_by', (c.proposal).by))
$$;
comment on function private.record_proposal_event is 'In: event, a case with its proposal, sentence. Appends the audit event, or counts it.';
-- end db/functions/approval/private.record_proposal_event.sql

-- begin db/functions/approval/private.end_proposal.sql
-- A proposal that is not approved: the case is open, as it was before.
create or replace function private.end_proposal(p_conflict registry.conflicts, p_event text, p_message text)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
begin
  update registry.conflicts set state = 'open', proposal = null, version = version + 1 where id = p_conflict.id returning * into c;
  perform private.keep_assignment(c.id);
  perform private.record_proposal_event(p_event, p_conflict, p_message);
  return private.describe_case(c);
end
$$;
comment on function private.end_proposal is 'In: a locked proposed case, event, sentence. Out: the case, open again.';
-- end db/functions/approval/private.end_proposal.sql

-- begin db/functions/conflicts/private.user_of_actor.sql
-- Decisions name who made them as the audit does; pages ask for the coordinator.
create or replace function private.user_of_actor(p_actor text)
returns uuid
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select substring(p_actor from '^coordinator:(.*)$')::uuid
$$;
comment on function private.user_of_actor is 'In: an actor (private.actor). Out: user id of the coordinator; null: it was none.';
grant execute on function private.user_of_actor to authenticated; -- called by views
-- end db/functions/conflicts/private.user_of_actor.sql

-- begin db/functions/approval/private.decline.sql
-- Another coordinator is of another mind. What both wrote is kept as comments: the one who proposed is to read why.
create or replace function private.decline(p_conflict_id uuid, p_note text, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c constant registry.conflicts := private.lock_case(p_conflict_id);
  v_refusal constant text := coalesce(
    private.why_not_proposal(c, p_expected_version),
    case when (c.proposal).by = private.actor() then 'own_proposal' end,
    private.why_not_note(p_note),
    private.why_not_comment(c.id));
begin
  if v_refusal is not null then
    return private.refuse('decline', v_refusal, p_conflict_id);
  end if;
  perform private.write_comment(c, private.user_of_actor((c.proposal).by), (c.proposal).note);
  perform private.write_comment(c, private.caller_id(), p_note);
  return private.end_proposal(c, 'decision_declined', 'A coordinator declined what another had proposed; the case is open again.');
end
$$;
comment on function private.decline is 'See api.decline.';
grant execute on function private.decline to authenticated;
-- end db/functions/approval/private.decline.sql

-- begin db/functions/approval/api.decline.sql
-- A second coordinator does not agree.
create or replace function api.decline(conflict_id uuid, note text, expected_version integer)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.decline(decline.conflict_id, decline.note, decline.expected_version);
end;
comment on function api.decline is 'In: a case of api.approvals that another coordinator proposed a decision for, why not, its version. Out: the case, open again, or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.decline to authenticated;
-- end db/functions/approval/api.decline.sql

-- begin db/functions/approval/private.withdraw_proposal.sql
-- The one who proposed has thought better of it.
create or replace function private.withdraw_proposal(p_conflict_id uuid, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c constant registry.conflicts := private.lock_case(p_conflict_id);
  v_refusal constant text := coalesce(
    private.why_not_proposal(c, p_expected_version),
    case when (c.proposal).by <> private.actor() then 'not_your_proposal' end);
begin
  if v_refusal is not null then
    return private.refuse('withdraw_proposal', v_refusal, p_conflict_id);
  end if;
  return private.end_proposal(c, 'decision_withdrawn', 'The coordinator withdrew the proposal; the case is open again.');
end
$$;
comment on function private.withdraw_proposal is 'See api.withdraw_proposal.';
grant execute on function private.withdraw_proposal to authenticated;
-- end db/functions/approval/private.withdraw_proposal.sql

-- begin db/functions/approval/api.withdraw_proposal.sql
-- A coordinator takes back what waits for approval.
create or replace function api.withdraw_proposal(conflict_id uuid, expected_version integer)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.withdraw_proposal(withdraw_proposal.conflict_id, withdraw_proposal.expected_version);
end;
comment on function api.withdraw_proposal is 'In: a case that the caller proposed a decision for, its version. Out: the case, open again, or a refusal with code and message (HTTP 404, 409).';
grant execute on function api.withdraw_proposal to authenticated;
-- end db/functions/approval/api.withdraw_proposal.sql

-- begin db/functions/coordinators/private.coordinator_name.sql
-- Colleagues know each other by name; who has none recorded, or was removed meanwhile, is still told from the others.
create or replace function private.coordinator_name(p_name text, p_email text, p_user_id uuid)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(p_name, p_email, 'user ' || left(p_user_id::text, 8))
$$;
comment on function private.coordinator_name is 'In: name, e-mail address and user id of a coordinator; the first two null where the row is gone. Out: what pages call the coordinator; null for nobody.';
grant execute on function private.coordinator_name to authenticated;
-- end db/functions/coordinators/private.coordinator_name.sql

-- begin db/functions/approval/api.approvals.sql
-- What coordinators proposed and others are to approve.
create or replace view api.approvals with (security_invoker = true) as
select
  c.id as conflict_id, g.slug as organization, c.kind, (c.proposal).decision, (c.proposal).note,
  p.user_id as proposed_by, private.coordinator_name(k.name, k.email, p.user_id) as proposed_by_name, (c.proposal).at as proposed_at,
  c.version, private.proposal_is_outdated(c.id) as evidence_changed, p.user_id = private.caller_id() as mine, (c.proposal).member_id
from registry.conflicts as c
join registry.organizations as g on g.id = c.organization_id
cross join lateral (select private.user_of_actor((c.proposal).by)) as p(user_id)
left join registry.coordinators as k on k.user_id = p.user_id and k.organization_id = c.organization_id
where c.state = 'proposed';
comment on view api.approvals is 'Decisions on cases of the coordinator''s organisations that wait for a second coordinator.';
comment on column api.approvals.conflict_id is 'The case; api.approve, api.decline and api.withdraw_proposal take it.';
comment on column api.approvals.organization is 'Whose case (slug).';
comment on column api.approvals.kind is 'What is to be judged.';
comment on column api.approvals.decision is 'What is proposed.';
comment on column api.approvals.note is 'The note of the one who proposed it.';
comment on column api.approvals.proposed_by is 'Who proposed it (user id).';
comment on column api.approvals.proposed_by_name is 'Who proposed it, for people.';
comment on column api.approvals.proposed_at is 'When.';
comment on column api.approvals.version is 'What approve, decline and withdraw_proposal want as expected_version.';
comment on column api.approvals.evidence_changed is 'The records, the login or the case have changed since: it cannot be approved any more, only declined or withdrawn.';
comment on column api.approvals.mine is 'Whether the reader proposed it, and so may withdraw but not approve it.';
comment on column api.approvals.member_id is 'For link_login: the member whom the login is to belong to.';
grant select on api.approvals to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.approvals
for each row execute function private.tg__refuse_write();
-- end db/functions/approval/api.approvals.sql

-- begin db/functions/assignment/private.describe_assignment.sql
-- Who has a case.
create or replace function private.describe_assignment(c registry.conflicts)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('assigned_to', a.user_id, 'assigned_name', private.coordinator_name(k.name, k.email, a.user_id),
    'assigned_until', case when a.user_id is not null then c.assigned_until end)
  from (select case when private.is_assigned(c.assigned_to, c.assigned_until) then c.assigned_to end) as a(user_id)
  left join registry.coordinators as k on k.user_id = a.user_id and k.organization_id = c.organization_id
$$;
comment on function private.describe_assignment is 'In: a case. Out: who looks after it (user id, name), until when; nulls: nobody.';
-- end db/functions/assignment/private.describe_assignment.sql

-- begin db/functions/assignment/private.assign_conflict.sql
-- Who looks after a case, so that two do not do it beside each other. It binds nobody: any coordinator may settle the case. Whoever takes a case
-- that a colleague has is told so, and changes nothing: it is given back first.
create or replace function private.assign_conflict(p_conflict_id uuid, p_user_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts := private.lock_case(p_conflict_id);
  v_me constant uuid := private.caller_id();
  v_refusal constant text := case
    when c.id is null or p_user_id is not null and not exists (
      select from registry.coordinators as k where k.user_id = p_user_id and k.organization_id = c.organization_id) then 'not_found'
    when c.closed_at is not null then 'not_open'
    when p_user_id is not null and private.is_assigned(c.assigned_to, c.assigned_until) and c.assigned_to not in (p_user_id, v_me)
      then 'already_assigned'
  end;
begin
  if v_refusal is not null then
    return private.refuse('assign_conflict', v_refusal, p_conflict_id)
      || case when v_refusal = 'already_assigned' then private.describe_assignment(c) else '{}' end;
  end if;
  update registry.conflicts
  set assigned_to = p_user_id, assigned_until = case when p_user_id is not null then now() + interval '7 days' end
  where id = c.id
  returning * into c;
  perform private.record_repeatable(private.actor() || ' ' || c.id, 'case_assigned', 'coordinator', c.organization_id,
    case when p_user_id is null then 'The case is assigned to nobody.' else 'The case was assigned to a coordinator.' end,
    p_member_id => coalesce(c.member_id, c.candidates[1]), p_conflict_id => c.id, p_push_id => c.push_id,
    p_detail => jsonb_build_object('kind', c.kind, 'assigned_to', p_user_id));
  return private.describe_case(c) || private.describe_assignment(c);
end
$$;
comment on function private.assign_conflict is 'See api.assign_conflict.';
grant execute on function private.assign_conflict to authenticated;
-- end db/functions/assignment/private.assign_conflict.sql

-- begin db/functions/assignment/api.assign_conflict.sql
-- A coordinator takes a case, gives it to a colleague, or gives it back.
create or replace function api.assign_conflict(conflict_id uuid, user_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.assign_conflict(assign_conflict.conflict_id, assign_conflict.user_id);
end;
comment on function api.assign_conflict is 'In: an open case; who is to look after it (user id of a coordinator; null: nobody). Out: the case and who has it, or a refusal with code and message (HTTP 404, 409); where a colleague has it, the refusal names them. Ends after 7 days without action.';
grant execute on function api.assign_conflict to authenticated;
-- end db/functions/assignment/api.assign_conflict.sql

set local role billing_owner;
-- begin db/functions/billing/billing.flag_of.sql
-- The flag of an organisation's invoice jobs: workers do not fetch those of one whose breaker is open, but for a probe, which has none.
create or replace function billing.flag_of(i billing.invoices)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select 'invoices:' || i.organization_id where not exists (select from billing.breakers as b where b.probe_invoice_id = i.id)
$$;
comment on function billing.flag_of is 'In: an invoice. Out: the flag of its job; null: it is a probe.';
-- end db/functions/billing/billing.flag_of.sql

set local role registry_owner;
-- begin db/functions/billing/private.queue_invoices.sql
-- Invoices are queued as everything else is (private.enqueue). Their flag is another than that of the organisation's pushes: an invoice service
-- that is away does not hold up the member system's changes, nor they invoices. A probe has none.
create or replace function private.queue_invoices(
  p_ids uuid[], p_flags text[], p_run_at timestamptz default null, p_only_lost boolean default false
)
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_invoice record;
  v_count integer := 0;
begin
  for v_invoice in
    select t.id, t.flag from unnest(p_ids, p_flags) as t(id, flag)
    where not p_only_lost or not exists (
      select from graphile_worker.jobs as j
      where j.key = 'issue_invoice:' || t.id and j.attempts < j.max_attempts and j.locked_at is null)
  loop
    perform private.enqueue('issue_invoice', v_invoice.id, p_run_at, v_invoice.flag);
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;
comment on function private.queue_invoices is 'In: invoices, and beside each its flag; when; whether only those without a live job. Out: how many were queued.';
grant execute on function private.queue_invoices to billing_owner;
-- end db/functions/billing/private.queue_invoices.sql

set local role billing_owner;
-- begin db/functions/billing/billing.queue.sql
-- One invoice gets its job.
create or replace function billing.queue(i billing.invoices, p_run_at timestamptz default null)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.queue_invoices(array[i.id], array[billing.flag_of(i)], p_run_at)
$$;
comment on function billing.queue is 'In: an invoice, when. Queues it.';
-- end db/functions/billing/billing.queue.sql

set local role registry_owner;
-- begin db/functions/billing/private.record_invoice_event.sql
-- Invoices belong to an owner that may write nowhere else: what happens to them comes into the audit this way, and no other.
create or replace function private.record_invoice_event(
  p_event text, p_source text, p_organization_id uuid, p_message text, p_member_id uuid, p_detail jsonb
)
returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.record_event(p_event, p_source, p_organization_id, p_message, p_member_id => p_member_id, p_detail => p_detail)
$$;
comment on function private.record_invoice_event is 'In: event, source, organisation, sentence, member (null: none), detail. Appends the audit event.';
grant execute on function private.record_invoice_event to billing_owner;
-- end db/functions/billing/private.record_invoice_event.sql

set local role billing_owner;
-- begin db/functions/billing/billing.record_event.sql
-- The one writer of audit events about invoices: which invoice it was stands in the detail, and nothing that the invoice service answered but
-- its status.
create or replace function billing.record_event(p_event text, p_source text, i billing.invoices, p_message text, p_detail jsonb default '{}')
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.record_invoice_event(p_event, p_source, i.organization_id, p_message, i.member_id, jsonb_strip_nulls(jsonb_build_object(
    'invoice_id', i.id, 'error_code', i.error_code, 'http_status', i.http_status) || p_detail))
$$;
comment on function billing.record_event is 'In: event, source, invoice, sentence, more detail. Appends the audit event.';
-- end db/functions/billing/billing.record_event.sql

-- begin db/functions/billing/billing.retry_invoice.sql
-- A coordinator has an invoice tried again: at once where it waits, anew where it ended without being issued. Consent is asked anew, and the
-- ceiling of look-ups stays.
create or replace function billing.retry_invoice(p_organization_ids uuid[], p_invoice_id uuid)
returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  i billing.invoices;
  v_code text;
begin
  select k.* into i from billing.invoices as k where k.id = p_invoice_id and k.organization_id = any (p_organization_ids) for update;
  v_code := case when i.id is null then 'not_found' when i.state in ('issuing', 'issued', 'cancelled') then 'invoice_not_open' end;
  if v_code is not null then
    return v_code;
  end if;
  update billing.invoices as u
  set state = 'pending', settled_at = null, next_attempt_at = clock_timestamp(), attempts = 0,
      looked_up_by = null, error_code = null, http_status = null
  where u.id = i.id
  returning * into i;
  perform billing.queue(i);
  perform billing.record_event('invoice_requeued', 'coordinator', i, 'A coordinator has the invoice tried again.');
  update billing.breakers as b set probe_at = clock_timestamp() where b.organization_id = i.organization_id and b.state = 'open';
  return null;
end
$$;
comment on function billing.retry_invoice is 'In: the caller''s organisations, an invoice. Out: null, or the code of a refusal. Where the breaker is open, its next probe comes at once.';
grant execute on function billing.retry_invoice to registry_owner;
-- end db/functions/billing/billing.retry_invoice.sql

set local role registry_owner;
-- begin db/functions/billing/private.retry_invoice.sql
-- Refusals go the way that all go; the invoice itself is another owner's.
create or replace function private.retry_invoice(p_invoice_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_code constant text := billing.retry_invoice(private.coordinator_organizations(), p_invoice_id);
begin
  return case when v_code is null then jsonb_build_object('invoice_id', p_invoice_id)
    else private.refuse('retry_invoice', v_code, p_invoice_id) end;
end
$$;
comment on function private.retry_invoice is 'See api.retry_invoice.';
grant execute on function private.retry_invoice to authenticated;
-- end db/functions/billing/private.retry_invoice.sql

-- begin db/functions/billing/api.retry_invoice.sql
-- A coordinator has an invoice tried again.
create or replace function api.retry_invoice(invoice_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.retry_invoice(retry_invoice.invoice_id);
end;
comment on function api.retry_invoice is 'In: an invoice of api.invoices that is neither issued, nor being issued, nor cancelled. Out: {"invoice_id"}; or a refusal with code and message (HTTP 404, 409).';
grant execute on function api.retry_invoice to authenticated;
-- end db/functions/billing/api.retry_invoice.sql

set local role billing_owner;
-- begin db/functions/billing/billing.explain_state.sql
-- Why an invoice was not issued, in words for people who do not read codes. docs/error-codes.md has every code. What the service answers says
-- something about this invoice at this moment, and nothing about the person.
create or replace function billing.explain_state(p_state billing.invoice_state, p_error_code text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_state = 'no_consent' then 'The recipient could not be reached by eFaktura for this invoice. Send it in another way.'
    when p_state = 'ambiguous' then 'The contact data fit more than one recipient. Send the invoice in another way.'
    when p_state = 'not_enough_data'
      then 'Too little is recorded about the member to ask for eFaktura. Nothing was asked. Send the invoice in another way.'
    when p_state = 'cancelled' then 'The invoice was cancelled.'
    when p_error_code = 'issuer_not_allowed' then 'The organisation may not issue invoices at the invoice service. The operator must look at it.'
    when p_error_code in ('http_401', 'token_refused') then 'The invoice service does not accept our credentials. They must be renewed.'
    when p_error_code in ('issuer_misconfigured', 'secret_missing', 'address_refused', 'redirect_refused')
      then 'The connection to the invoice service is not set up right. The operator must look at it.'
    when p_error_code in ('sealing_key_unknown', 'index_secret_unknown') then 'The worker lacks a key. The operator must add it.'
    when p_error_code in ('timeout', 'task_timeout', 'connection_failed', 'tls_failed', 'token_unavailable')
      then 'The invoice service could not be reached.'
    when p_error_code in ('http_408', 'http_425', 'http_429') then 'The invoice service is busy and asked us to come back later.'
    when p_error_code in ('http_5xx', 'response_too_large', 'http_unexpected', 'redirect_temporary', 'issue_token_missing')
      then 'The invoice service has an error of its own.'
    when p_error_code = 'issue_token_expired' then 'The permission to issue ran out before the invoice was sent. It is asked for anew.'
    when p_error_code = 'look_ups_used_up' then 'The invoice service was asked often enough for this invoice today. It is tried again tomorrow.'
    when p_error_code = 'invoice_overdue' then 'The due date has passed. Make a new invoice.'
    when p_error_code in ('sealed_value_broken', 'sealed_value_mismatch')
      then 'The stored number could not be read, or is not this member''s. The operator must look at it.'
    when p_error_code in ('http_4xx', 'http_409', 'look_up_refused') then 'The invoice service refused the invoice.'
    when p_error_code in ('worker_stopping', 'lease_lost', 'database_failed', 'database_row_unexpected')
      then 'The attempt was interrupted. It is made again.'
    when p_error_code is not null then 'Something unexpected happened. The operator must look at it.'
  end
$$;
comment on function billing.explain_state is 'In: state and failure of an invoice. Out: a sentence; null: nothing is wrong.';
grant execute on function billing.explain_state to authenticated; -- called by views
-- end db/functions/billing/billing.explain_state.sql

set local role registry_owner;
-- begin db/functions/pushes/private.next_attempt.sql
-- When a change is tried next, for people: what waits for a case has no time, and while nothing flows the breaker's time counts.
create or replace function private.next_attempt(
  p_next_attempt_at timestamptz, p_settled_at timestamptz, p_breaker sync.breaker_state, p_probe_at timestamptz
)
returns timestamptz
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_next_attempt_at = 'infinity' then null
    when p_breaker <> 'closed' and p_settled_at is null then greatest(p_next_attempt_at, p_probe_at)
    else p_next_attempt_at
  end
$$;
comment on function private.next_attempt is 'In: when a push is due and was settled, state of the breaker and its next probe. Out: when it is tried next; null: that is not known.';
grant execute on function private.next_attempt to authenticated;
-- end db/functions/pushes/private.next_attempt.sql

-- begin db/functions/billing/api.invoices.sql
-- Every invoice that is to be issued, or was, for a page that shows how it went. Newest first: order=created_at.desc,id.desc.
-- The organisation and the record are looked up row by row ("offset 0"): joined, everything would be put in order before the first page is there.
create or replace view api.invoices with (security_invoker = true) as
select
  i.id, g.slug as organization, i.member_id, m.external_id as member_external_id, m.given_name as member_given_name,
  m.family_name as member_family_name, i.invoice_number, i.amount_ore, i.due_date, i.kid, i.document_reference, i.description, i.state,
  i.attempts,
  i.created_at, private.next_attempt(i.next_attempt_at, i.settled_at, b.state, b.probe_at) as next_attempt_at, i.settled_at,
  i.error_code, i.http_status,
  billing.explain_state(i.state, i.error_code) as reason, i.cancel_reason
from billing.invoices as i
cross join lateral (select r.slug from registry.organizations as r where r.id = i.organization_id offset 0) as g
cross join lateral (select r.external_id, r.given_name, r.family_name from registry.members as r where r.id = i.member_id offset 0) as m
left join billing.breakers as b on b.organization_id = i.organization_id;
comment on view api.invoices is 'Invoices of the coordinator''s organisations, whatever became of them.';
comment on column api.invoices.id is 'The invoice; api.cancel_invoice and api.retry_invoice take it.';
comment on column api.invoices.organization is 'Who issues it (slug).';
comment on column api.invoices.member_id is 'The member who is invoiced.';
comment on column api.invoices.member_external_id is 'The member''s number in the member system.';
comment on column api.invoices.member_given_name is 'Given name on the record.';
comment on column api.invoices.member_family_name is 'Family name on the record.';
comment on column api.invoices.invoice_number is 'The organisation''s number of the invoice.';
comment on column api.invoices.amount_ore is 'Amount in øre.';
comment on column api.invoices.due_date is 'When it is due.';
comment on column api.invoices.kid is 'KID that the payment carries.';
comment on column api.invoices.document_reference is 'The organisation''s reference to the document.';
comment on column api.invoices.description is 'What the recipient reads that it is for.';
comment on column api.invoices.state is 'Where it stands (docs/for-coordinators.md).';
comment on column api.invoices.attempts is 'Attempts begun.';
comment on column api.invoices.created_at is 'When it was added.';
comment on column api.invoices.next_attempt_at is 'When it is tried next; null: it is not tried any more, or is being issued.';
comment on column api.invoices.settled_at is 'When it was issued, or ended without.';
comment on column api.invoices.error_code is 'Code of the last failure (docs/error-codes.md).';
comment on column api.invoices.http_status is 'HTTP status of the last answer.';
comment on column api.invoices.reason is 'Why it was not issued, as a sentence.';
comment on column api.invoices.cancel_reason is 'Why it was cancelled.';
grant select on api.invoices to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.invoices
for each row execute function private.tg__refuse_write();
-- end db/functions/billing/api.invoices.sql

set local role billing_owner;
-- begin db/functions/billing/billing.cancel_invoice.sql
-- A coordinator takes an invoice back that was not issued. One that is being issued at this moment may be out already.
create or replace function billing.cancel_invoice(p_organization_ids uuid[], p_invoice_id uuid, p_actor text, p_reason text)
returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  i billing.invoices;
  v_code text;
begin
  select k.* into i from billing.invoices as k where k.id = p_invoice_id and k.organization_id = any (p_organization_ids) for update;
  v_code := case when i.id is null then 'not_found' when i.state in ('issuing', 'issued', 'cancelled') then 'invoice_not_open' end;
  if v_code is not null then
    return v_code;
  end if;
  update billing.invoices as u
  set state = 'cancelled', settled_at = clock_timestamp(), next_attempt_at = null, cancelled_by = p_actor, cancel_reason = p_reason
  where u.id = i.id
  returning * into i;
  perform billing.record_event('invoice_cancelled', 'coordinator', i, 'The invoice was cancelled.');
  return null;
end
$$;
comment on function billing.cancel_invoice is 'In: the caller''s organisations, an invoice, who and why. Out: null, or the code of a refusal.';
grant execute on function billing.cancel_invoice to registry_owner;
-- end db/functions/billing/billing.cancel_invoice.sql

set local role registry_owner;
-- begin db/functions/billing/private.cancel_invoice.sql
-- Refusals go the way that all go; the invoice itself is another owner's.
create or replace function private.cancel_invoice(p_invoice_id uuid, p_reason text)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reason constant text := btrim(p_reason);
  v_code text;
begin
  v_code := case
    when coalesce(v_reason, '') = '' then 'text_missing'
    when length(v_reason) > 500 then 'reason_too_long'
    when private.holds_number(v_reason) then 'number_in_note'
    else billing.cancel_invoice(private.coordinator_organizations(), p_invoice_id, private.actor(), v_reason)
  end;
  return case when v_code is null then jsonb_build_object('invoice_id', p_invoice_id)
    else private.refuse('cancel_invoice', v_code, p_invoice_id) end;
end
$$;
comment on function private.cancel_invoice is 'See api.cancel_invoice.';
grant execute on function private.cancel_invoice to authenticated;
-- end db/functions/billing/private.cancel_invoice.sql

-- begin db/functions/billing/api.cancel_invoice.sql
-- A coordinator takes an invoice back.
create or replace function api.cancel_invoice(invoice_id uuid, reason text)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.cancel_invoice(cancel_invoice.invoice_id, cancel_invoice.reason);
end;
comment on function api.cancel_invoice is 'In: an invoice of api.invoices that is neither issued nor being issued, why (1 to 500 characters). Out: {"invoice_id"}; or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.cancel_invoice to authenticated;
-- end db/functions/billing/api.cancel_invoice.sql

-- begin db/functions/assignment/api.conflict_comments.sql
-- What coordinators wrote about a case.
create or replace view api.conflict_comments with (security_invoker = true) as
select k.id, k.conflict_id, g.slug as organization, k.written_at, k.user_id, private.coordinator_name(w.name, w.email, k.user_id) as name, k.text
from registry.conflict_comments as k
join registry.organizations as g on g.id = k.organization_id
left join registry.coordinators as w on w.user_id = k.user_id and w.organization_id = k.organization_id;
comment on view api.conflict_comments is 'Comments on cases of the coordinator''s organisations.';
comment on column api.conflict_comments.id is 'Identifies the comment.';
comment on column api.conflict_comments.conflict_id is 'The case.';
comment on column api.conflict_comments.organization is 'Whose case (slug).';
comment on column api.conflict_comments.written_at is 'When it was written.';
comment on column api.conflict_comments.user_id is 'Who wrote it (user id).';
comment on column api.conflict_comments.name is 'Who wrote it, for people.';
comment on column api.conflict_comments.text is 'The comment.';
grant select on api.conflict_comments to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.conflict_comments
for each row execute function private.tg__refuse_write();
-- end db/functions/assignment/api.conflict_comments.sql

-- begin db/functions/assignment/private.today.sql
-- The day that coordinators have on the wall.
create or replace function private.today()
returns date
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select (now() at time zone 'Europe/Oslo')::date
$$;
comment on function private.today is 'Out: today in Norway.';
grant execute on function private.today to authenticated; -- called by views
grant execute on function private.today to billing_owner; -- ceilings and due dates of invoices
-- end db/functions/assignment/private.today.sql

-- begin db/functions/figures/api.conflict_counts.sql
-- What waits for coordinators, by kind, as the first page of a day's work says it. Counted when it is asked for, kind by kind along an index,
-- so that no case is read to sort all of them apart; beside them the few that are postponed, proposed or the reader's.
create or replace view api.conflict_counts with (security_invoker = true) as
select
  g.slug as organization, k.kind, coalesce(w.cases - coalesce(q.cases, 0) - coalesce(p.cases, 0), 0) as open, coalesce(q.cases, 0) as postponed,
  coalesce(p.cases, 0) as proposed, coalesce(m.cases, 0) as mine, (
    -- "between", so that the order by kind and time is that of the index that is counted along, and not of all cases by time.
    select c.opened_at from registry.conflicts as c
    where c.organization_id = g.id and c.kind_name between k.kind::text and k.kind::text and c.closed_at is null and c.state = 'open'
      and (c.postponed_until > (select private.today())) is not true
    order by c.kind_name, c.opened_at limit 1
  ) as oldest
from registry.organizations as g
cross join unnest(enum_range(null::registry.conflict_kind)) as k(kind)
cross join lateral (
  select count(*) as cases from registry.conflicts as c
  where c.organization_id = g.id and c.kind_name = k.kind::text and c.closed_at is null
) as w
left join (
  select c.organization_id, c.kind, count(*) as cases from registry.conflicts as c
  where c.postponed_until is not null and c.postponed_until > (select private.today()) and c.state = 'open'
  group by c.organization_id, c.kind
) as q on (q.organization_id, q.kind) = (g.id, k.kind)
left join (
  select c.organization_id, c.kind, count(*) as cases from registry.conflicts as c where c.state = 'proposed'
  group by c.organization_id, c.kind
) as p on (p.organization_id, p.kind) = (g.id, k.kind)
left join (
  select c.organization_id, c.kind, count(*) as cases from registry.conflicts as c
  where c.assigned_to = (select private.caller_id()) and private.is_assigned(c.assigned_to, c.assigned_until)
    and c.state = 'open' and (c.postponed_until > (select private.today())) is not true
  group by c.organization_id, c.kind
) as m on (m.organization_id, m.kind) = (g.id, k.kind)
where w.cases > 0;
comment on view api.conflict_counts is 'Cases that wait for coordinators of the reader''s organisations, counted by kind. A kind without any has no row.';
comment on column api.conflict_counts.organization is 'Whose cases (slug).';
comment on column api.conflict_counts.kind is 'What is to be judged.';
comment on column api.conflict_counts.open is 'Open ones, without those that are postponed.';
comment on column api.conflict_counts.postponed is 'Open ones that are postponed to a later day.';
comment on column api.conflict_counts.proposed is 'Those in which a decision is proposed and waits for another coordinator.';
comment on column api.conflict_counts.mine is 'How many of the open ones the reader looks after.';
comment on column api.conflict_counts.oldest is 'When the oldest of the open ones was opened.';
grant select on api.conflict_counts to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.conflict_counts
for each row execute function private.tg__refuse_write();
-- end db/functions/figures/api.conflict_counts.sql

-- begin db/functions/coordinators/api.coordinators.sql
-- Whom a case can be given to, and who is who on the pages.
create or replace view api.coordinators with (security_invoker = true) as
select
  g.slug as organization, c.user_id, private.coordinator_name(c.name, c.email, c.user_id) as name,
  c.user_id = (select private.caller_id()) as me
from registry.coordinators as c
join registry.organizations as g on g.id = c.organization_id;
comment on view api.coordinators is 'The coordinators of the caller''s organisations, those included whose invitation waits.';
comment on column api.coordinators.organization is 'Whose coordinator (slug).';
comment on column api.coordinators.user_id is 'The coordinator; api.assign_conflict takes it.';
comment on column api.coordinators.name is 'Name, e-mail address, or the beginning of the user id, whichever is there first.';
comment on column api.coordinators.me is 'Whether it is the caller.';
grant select on api.coordinators to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.coordinators
for each row execute function private.tg__refuse_write();
-- end db/functions/coordinators/api.coordinators.sql

-- begin db/functions/reporting/private.municipality_in_year.sql
-- A number is a municipality only together with a year. Forwards and backwards alike: a split or a merger on the way gives several, and then nobody
-- but the address knows which one it is.
create or replace function private.municipality_in_year(p_code text, p_from integer, p_to integer)
returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_codes text[] := array[p_code];
  v_year integer := p_from;
begin
  while v_year < p_to loop
    v_year := v_year + 1;
    v_codes := array(
      select distinct coalesce(c.new_code, k.code) from unnest(v_codes) as k(code)
      left join reporting.municipality_changes as c on c.year = v_year and c.old_code = k.code order by 1);
  end loop;
  while v_year > p_to loop
    v_codes := array(
      select distinct coalesce(c.old_code, k.code) from unnest(v_codes) as k(code)
      left join reporting.municipality_changes as c on c.year = v_year and c.new_code = k.code order by 1);
    v_year := v_year - 1;
  end loop;
  return v_codes;
end
$$;
comment on function private.municipality_in_year is 'In: a municipality number, the year it is from, another year. Out: the numbers that it, or parts of it, have in that year, or are made of.';
-- end db/functions/reporting/private.municipality_in_year.sql

-- begin db/functions/reporting/private.area_municipalities.sql
-- Counties pay by their own borders, one even by those of a county that is no more. A municipality of the base year is within an area when
-- everything that it was, or became, in the year of the area's numbers is.
create or replace function private.area_municipalities(p_base_year integer, p_area_year integer, p_counties text[], p_municipalities text[])
returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(m.code order by m.code)
  from reporting.municipalities as m
  cross join lateral private.municipality_in_year(m.code, p_base_year, p_area_year) as then_(codes)
  where m.first_year <= p_base_year and coalesce(m.last_year, p_base_year) >= p_base_year
    and case when p_counties is not null
      then (select bool_and(left(k.code, 2) = any (p_counties)) from unnest(then_.codes) as k(code))
      else then_.codes <@ p_municipalities end
$$;
comment on function private.area_municipalities is 'In: base year; the year of the numbers; numbers of counties, or of municipalities. Out: the municipalities of the base year that lie in that area; null: none.';
-- end db/functions/reporting/private.area_municipalities.sql

-- begin db/functions/reporting/private.count_area.sql
-- Any set of municipalities, on figures that are there: with the numbers of that year, or of an earlier one whose counties still share out money.
create or replace function private.count_area(s reporting.snapshots, p_area_year integer, p_counties text[], p_municipalities text[])
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'snapshot_id', s.id, 'base_year', s.base_year, 'counted', coalesce(sum(f.counted), 0), 'verified', coalesce(sum(f.verified), 0),
    'municipalities', count(f.key),
    'rows', coalesce(jsonb_agg(jsonb_build_object('municipality', f.key, 'name', f.name, 'counted', f.counted, 'verified',
      f.verified) order by f.key), '[]'),
    'without_municipality', coalesce((
      select u.counted from reporting.snapshot_figures as u
      where u.snapshot_id = s.id and u.dimension = 'municipality' and u.key = ''), 0))
  from reporting.snapshot_figures as f
  where f.snapshot_id = s.id and f.dimension = 'municipality'
    and f.key = any (private.area_municipalities(s.base_year, p_area_year, p_counties, p_municipalities))
$$;
comment on function private.count_area is 'In: a snapshot; the year of the numbers; numbers of counties, or of municipalities. Out: how many of the counted live there, by municipality, and how many live nobody knows where.';
-- end db/functions/reporting/private.count_area.sql

-- begin db/functions/reporting/private.snapshot_of_caller.sql
-- A coordinator's own snapshots and nobody else's: another organisation's is not there, as one that is not there at all.
create or replace function private.snapshot_of_caller(p_snapshot_id uuid)
returns reporting.snapshots
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
begin
  select known.* into s from reporting.snapshots as known
  where known.id = p_snapshot_id and known.organization_id = any (private.coordinator_organizations());
  return s;
end
$$;
comment on function private.snapshot_of_caller is 'In: a snapshot. Out: it, or null where the caller may not see it.';
-- end db/functions/reporting/private.snapshot_of_caller.sql

-- begin db/functions/reporting/private.place_name.sql
-- Places are named as they were called in the year that is reported.
create or replace function private.place_name(p_code text, p_year integer)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select k.name from (
    select c.code, c.name, c.first_year, c.last_year from reporting.counties as c where c.code = p_code
    union all
    select m.code, m.name, m.first_year, m.last_year from reporting.municipalities as m where m.code = p_code
  ) as k where k.first_year <= p_year and coalesce(k.last_year, p_year) >= p_year
$$;
comment on function private.place_name is 'In: number of a county or municipality, a year. Out: its name in that year.';
-- end db/functions/reporting/private.place_name.sql

-- begin db/functions/reporting/private.why_not_area.sql
-- A number that was no county or municipality in that year is a mistake, and a sum without it would hide it.
create or replace function private.why_not_area(p_area_year integer, p_counties text[], p_municipalities text[])
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when not exists (select from reporting.divisions as d where d.year = p_area_year) then 'division_unknown'
    when num_nonnulls(p_counties, p_municipalities) <> 1 then 'area_unusable'
    when coalesce(cardinality(p_counties), cardinality(p_municipalities)) not between 1 and 400 then 'area_unusable'
    when exists (
      select from unnest(coalesce(p_counties, p_municipalities)) as k(code)
      where k.code is null or length(k.code) <> case when p_counties is null then 4 else 2 end
        or private.place_name(k.code, p_area_year) is null) then 'area_unusable'
  end
$$;
comment on function private.why_not_area is 'In: the year of the numbers; numbers of counties, or of municipalities. Out: code of the refusal; null: there are such places.';
-- end db/functions/reporting/private.why_not_area.sql

-- begin db/functions/reporting/private.count_grant_area.sql
-- Sums of figures that are there.
create or replace function private.count_grant_area(p_snapshot_id uuid, p_area_year integer, p_counties text[], p_municipalities text[])
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s constant reporting.snapshots := private.snapshot_of_caller(p_snapshot_id);
  v_refusal constant text := case when s.id is null then 'not_found' else private.why_not_area(p_area_year, p_counties, p_municipalities) end;
begin
  if v_refusal is not null then
    return private.refuse('count_grant_area', v_refusal, p_snapshot_id);
  end if;
  return private.count_area(s, p_area_year, p_counties, p_municipalities);
end
$$;
comment on function private.count_grant_area is 'See api.count_grant_area.';
grant execute on function private.count_grant_area to authenticated;
-- end db/functions/reporting/private.count_grant_area.sql

-- begin db/functions/reporting/api.count_grant_area.sql
-- How many of the counted live in some municipalities, or in a county of then.
create or replace function api.count_grant_area(snapshot_id uuid, area_year integer, counties text[] default null, municipalities text[] default null)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.count_grant_area(count_grant_area.snapshot_id, count_grant_area.area_year, count_grant_area.counties,
    count_grant_area.municipalities);
end;
comment on function api.count_grant_area is 'In: a snapshot, the year of the numbers, numbers of counties or of municipalities. Out: {"counted", "verified", "municipalities", "rows", "without_municipality"}, or a refusal with code and message (HTTP 404, 422).';
grant execute on function api.count_grant_area to authenticated;
-- end db/functions/reporting/api.count_grant_area.sql

-- begin db/functions/figures/api.data_quality.sql
-- How an organisation stands: the figures its board and Bufdir ask about. What would be counted through whole tables is as the worker counted
-- it last; cases are counted when it is asked for, kind by kind along an index, as in api.conflict_counts.
create or replace view api.data_quality with (security_invoker = true) as
select
  g.slug as organization, f.members, f.with_number, f.confirmed_last_12_months, f.unlinked_logins,
  coalesce(c.open_cases, 0) as open_cases, coalesce(c.by_kind, '{}') as open_cases_by_kind, c.oldest_open_case,
  f.pending_pushes, f.failed_pushes, f.counted_at
from registry.organizations as g
left join registry.figures as f on f.organization_id = g.id
cross join lateral (
  select sum(w.cases)::bigint as open_cases, min(w.oldest) as oldest_open_case,
    jsonb_object_agg(k.kind, w.cases) filter (where w.cases > 0) as by_kind
  from unnest(enum_range(null::registry.conflict_kind)) as k(kind)
  cross join lateral (
    select count(*) as cases, min(known.opened_at) as oldest from registry.conflicts as known
    where known.organization_id = g.id and known.kind_name = k.kind::text and known.closed_at is null
  ) as w
) as c;
comment on view api.data_quality is 'Per organisation: members, how many have a number, how many were confirmed or filled by a login in the last 12 months, logins that belong to nobody, pushes that wait and that failed, all as of counted_at; and open cases by kind and the oldest, as of now.';
comment on column api.data_quality.organization is 'Whose figures (slug).';
comment on column api.data_quality.members is 'Members, merged records aside; null: not counted yet.';
comment on column api.data_quality.with_number is 'How many of them have a number.';
comment on column api.data_quality.confirmed_last_12_months is 'Members whose number a login filled or confirmed in the last 12 months.';
comment on column api.data_quality.unlinked_logins is 'Logins that matched no member with certainty and still belong to nobody.';
comment on column api.data_quality.open_cases is 'Cases that wait for a coordinator, open or proposed, as of now.';
comment on column api.data_quality.open_cases_by_kind is 'The same by kind: {"mismatch": 3}.';
comment on column api.data_quality.oldest_open_case is 'When the oldest of them was opened.';
comment on column api.data_quality.pending_pushes is 'Changes that have not reached the member system yet.';
comment on column api.data_quality.failed_pushes is 'Changes that were refused or given up and that no later one follows.';
comment on column api.data_quality.counted_at is 'When everything but the cases was counted.';
grant select on api.data_quality to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.data_quality
for each row execute function private.tg__refuse_write();
-- end db/functions/figures/api.data_quality.sql

-- begin db/functions/pushes/private.explain_failure.sql
-- Why a change has not arrived, in words for people who do not read codes. docs/error-codes.md has every code.
create or replace function private.explain_failure(p_error_code text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_error_code in ('http_401', 'http_403', 'token_refused') then 'The member system does not accept our credentials. They must be renewed.'
    when p_error_code in ('member_system_missing', 'member_system_misconfigured', 'secret_missing', 'address_refused', 'redirect_refused',
                          'receiver_key_unusable')
      then 'The connection to the member system is not set up right. The operator must look at it.'
    when p_error_code in ('sealing_key_unknown', 'index_secret_unknown') then 'The worker lacks a key. The operator must add it.'
    when p_error_code in ('timeout', 'task_timeout', 'connection_failed', 'tls_failed', 'token_unavailable')
      then 'The member system could not be reached.'
    when p_error_code = 'redirect_temporary' then 'The member system sends us elsewhere for now, as systems do during maintenance.'
    when p_error_code in ('http_5xx', 'response_too_large', 'http_unexpected') then 'The member system has an error of its own.'
    when p_error_code in ('http_408', 'http_425', 'http_429') then 'The member system is busy and asked us to come back later.'
    when p_error_code in ('external_id_missing', 'external_id_unusable', 'personnummer_in_url')
      then 'The member''s id in the member system is missing or cannot be used.'
    when p_error_code in ('sealed_value_broken', 'sealed_value_mismatch')
      then 'The stored number could not be read, or is not this member''s. The operator must look at it.'
    when p_error_code in ('http_4xx', 'http_409', 'refused_by_receiver') then 'The member system refused the change.'
    when p_error_code in ('acceptance_expired', 'not_acknowledged')
      then 'The change was taken in, but nobody confirmed in time that it was carried out.'
    when p_error_code in ('acceptance_failed', 'status_url_refused', 'status_lost')
      then 'The member system took the change in and then could not carry it out.'
    when p_error_code in ('worker_stopping', 'lease_lost', 'database_failed', 'database_row_unexpected')
      then 'The attempt was interrupted. It is made again.'
    when p_error_code = 'disputed' then 'The number is in question in an open case. It is sent, or dropped, when the case is settled.'
    when p_error_code is not null then 'Something unexpected happened. The operator must look at it.'
  end
$$;
comment on function private.explain_failure is 'In: code of a failure. Out: a sentence in plain words.';
grant execute on function private.explain_failure to authenticated;
-- end db/functions/pushes/private.explain_failure.sql

-- begin db/functions/pushes/api.failed_syncs.sql
-- Changes that have not reached the member system: refused, given up, waiting for a case, or still being tried after a failure. One that a later
-- push of the same member follows is history.
-- The organisation and the record are looked up row by row ("offset 0"): joined, everything would be put in order before the first page is there.
create or replace view api.failed_syncs with (security_invoker = true) as
select
  p.id as push_id, g.slug as organization, p.member_id, m.external_id as member_external_id, p.state, p.attempts,
  p.error_code,
  private.explain_failure(case when p.waits_for_conflict_id is null then p.error_code else 'disputed' end) as reason, p.http_status,
  private.next_attempt(p.next_attempt_at, p.settled_at, b.state, b.probe_at) as next_attempt_at,
  p.created_at, p.settled_at, p.waits_for_conflict_id
from sync.pushes as p
cross join lateral (select r.slug from registry.organizations as r where r.id = p.organization_id offset 0) as g
cross join lateral (select r.external_id from registry.members as r where r.id = p.member_id offset 0) as m
left join sync.breakers as b on b.organization_id = p.organization_id
where (p.state in ('rejected', 'given_up') and not exists (
    select from sync.pushes as later
    where later.organization_id = p.organization_id and later.member_id = p.member_id and later.id <> p.id
      and later.created_at >= p.created_at and later.state in ('pending', 'sending', 'delivered')))
  or (p.settled_at is null and p.error_code is not null)
  or p.waits_for_conflict_id is not null;
comment on view api.failed_syncs is 'Pushes of the coordinator''s organisations that failed or wait for a case, with the reason and the next try.';
comment on column api.failed_syncs.push_id is 'The change; api.retry_sync takes it.';
comment on column api.failed_syncs.organization is 'Whose member system (slug).';
comment on column api.failed_syncs.member_id is 'The member whose number is carried.';
comment on column api.failed_syncs.member_external_id is 'The member''s number in the member system.';
comment on column api.failed_syncs.state is 'rejected or given_up: a case; pending or sending: it is still tried.';
comment on column api.failed_syncs.attempts is 'Attempts begun.';
comment on column api.failed_syncs.error_code is 'Code of the last failure (docs/error-codes.md).';
comment on column api.failed_syncs.reason is 'The same as a sentence.';
comment on column api.failed_syncs.http_status is 'HTTP status of the last answer.';
comment on column api.failed_syncs.next_attempt_at is 'When it is tried again.';
comment on column api.failed_syncs.created_at is 'When the change was made.';
comment on column api.failed_syncs.settled_at is 'When it was refused or given up.';
comment on column api.failed_syncs.waits_for_conflict_id is 'The case that is to be settled before the change is sent.';
grant select on api.failed_syncs to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.failed_syncs
for each row execute function private.tg__refuse_write();
-- end db/functions/pushes/api.failed_syncs.sql

-- begin db/functions/pushes/private.is_followed.sql
-- A failed push that a later one of the same member follows is history: trying it again would only repeat what the later one does.
create or replace function private.is_followed(p_push sync.pushes)
returns boolean
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from sync.pushes as later
    where later.organization_id = p_push.organization_id and later.member_id = p_push.member_id and later.id <> p_push.id
      and later.created_at >= p_push.created_at and later.state in ('pending', 'sending', 'delivered'))
$$;
comment on function private.is_followed is 'In: a push. Out: whether a later one of its member is under way or has arrived.';
-- end db/functions/pushes/private.is_followed.sql

-- begin db/functions/conflicts/private.disputes_number.sql
-- In a case of these kinds it is asked whose a number is, or which number a record has; the others are about deliveries, keys and consents.
create or replace function private.disputes_number(p_kind registry.conflict_kind)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select p_kind in ('mismatch', 'duplicate', 'ambiguous', 'name_mismatch', 'inconsistent', 'subject_moved');
end;
comment on function private.disputes_number is 'In: kind of a case. Out: whether pushes of the numbers in it wait for it.';
-- end db/functions/conflicts/private.disputes_number.sql

-- begin db/functions/pushes/private.disputing_case.sql
-- Which open case puts a record's number in question: a mismatch of that record (another login brought another number), or any case whose
-- login brought that very number and points at somebody else or nobody for certain. What a coordinator decided is in question only again
-- by a case that was opened after it.
create or replace function private.disputing_case(p sync.pushes)
returns uuid
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select c.id from registry.conflicts as c join registry.members as m on m.id = p.member_id
    where c.organization_id = p.organization_id and c.closed_at is null
      and (c.member_id = p.member_id or c.other_member_id = p.member_id or c.candidates @> array[p.member_id])
      and private.disputes_number(c.kind)
      and (not p.decided or c.opened_at > p.created_at)
      and (c.kind = 'mismatch' and c.member_id = p.member_id or m.personnummer_index = any (c.personnummer_index || c.personnummer_index_previous))
    order by c.opened_at, c.id limit 1);
end
$$;
comment on function private.disputing_case is 'In: a push. Out: the oldest open case in which its member''s number is in question; null: none.';
-- end db/functions/pushes/private.disputing_case.sql

-- begin db/functions/drift/private.has_drifted.sql
-- A delivered push is sent again where somebody has changed its number in the member system since.
create or replace function private.has_drifted(p_push sync.pushes)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select p_push.state = 'delivered' and exists (
    select from registry.conflicts as c
    where c.push_id = p_push.id and c.organization_id = p_push.organization_id and c.kind = 'drift' and c.closed_at is null)
$$;
comment on function private.has_drifted is 'In: a push. Out: whether a difference to what it delivered is an open case.';
-- end db/functions/drift/private.has_drifted.sql

-- begin db/functions/pushes/private.retry_locked_push.sql
-- One push of private.retry_pushes, which has locked it.
create or replace function private.retry_locked_push(p_push_id uuid, p_organization_ids uuid[])
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes;
  c registry.conflicts;
  v_push_id uuid := p_push_id;
begin
  select known.* into p from sync.pushes as known
  where known.id = p_push_id and known.organization_id = any (p_organization_ids);
  if p.id is null then
    return '{"code": "not_found"}'::jsonb;
  elsif exists (select from registry.members as m where m.id = p.member_id and m.merged_into is not null and m.erased_at is null) then
    return '{"code": "member_merged"}'::jsonb;
  elsif p.waits_for_conflict_id is not null or private.disputing_case(p) is not null then
    return '{"code": "disputed"}'::jsonb;
  elsif p.state = 'pending' and p.error_code is not null and p.next_attempt_at <= clock_timestamp()
    and not exists (select from registry.conflicts as known where known.push_id = p.id and known.closed_at is null) then
    return jsonb_build_object('push_id', p.id, 'state', 'pending'); -- asked for already
  elsif p.state = 'pending' and p.error_code is not null then
    update sync.pushes set next_attempt_at = clock_timestamp() where id = p.id;
    perform private.enqueue('push_personnummer', p.id);
  elsif (p.state in ('rejected', 'given_up') or private.has_drifted(p)) and not private.is_followed(p) then
    update sync.pushes set next_attempt_at = null where id = p.id;
    v_push_id := private.queue_push(p.member_id, p.observation_id, p.decided);
  else
    return '{"code": "not_failed"}'::jsonb;
  end if;
  perform private.record_event('push_requeued', 'coordinator', p.organization_id, 'A coordinator had the failed push tried again.',
    p_member_id => p.member_id, p_push_id => v_push_id, p_detail => jsonb_build_object('failed_push_id', p.id));
  for c in
    select known.* from registry.conflicts as known where known.push_id = p.id and known.closed_at is null for update
  loop
    c.proposal := null; -- what was proposed instead falls
    perform private.close_case(c, 'retry_sync', null);
  end loop;
  return jsonb_build_object('push_id', v_push_id, 'state', 'pending');
end
$$;
comment on function private.retry_locked_push is 'In: a locked push, the organisations of the caller. Out: the push that is queued now, or the code of a refusal.';
-- end db/functions/pushes/private.retry_locked_push.sql

-- begin db/functions/pushes/private.retry_pushes.sql
-- Pushes are tried again. One that still waits is tried at once. One that was refused or given up for good is followed by a new push, with
-- an idempotency key of its own: the member system may have stored its refusal under the old one.
-- Everything is locked beforehand and in one order (members, then pushes, each by id; breakers last, by organisation), so that two
-- coordinators who name the same ones in another order, or a worker that reports on one of them, wait and do not deadlock. Pushes that are
-- being sent are left alone: they cannot be tried again, and their workers renew many leases at once.
create or replace function private.retry_pushes(p_ids uuid[])
returns jsonb[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_organization_ids constant uuid[] := private.coordinator_organizations();
  v_id uuid;
  v_answers jsonb[] := array[]::jsonb[];
begin
  perform from registry.members as m
  where m.id in (select p.member_id from sync.pushes as p where p.id = any (p_ids) and p.organization_id = any (v_organization_ids))
  order by m.id for no key update;
  perform from sync.pushes as p
  where p.id = any (p_ids) and p.organization_id = any (v_organization_ids) and p.state <> 'sending'
  order by p.id for update;
  foreach v_id in array p_ids loop
    v_answers := v_answers || private.retry_locked_push(v_id, v_organization_ids);
  end loop;
  with queued as (
    select distinct p.organization_id from unnest(v_answers) as t(answer)
    join sync.pushes as p on p.id = (t.answer ->> 'push_id')::uuid
  ), hastened as (
    select b.organization_id from sync.breakers as b join queued as q on q.organization_id = b.organization_id
    where b.state = 'open' order by b.organization_id for update of b
  )
  update sync.breakers as b set probe_at = clock_timestamp() from hastened as h where b.organization_id = h.organization_id;
  return v_answers;
end
$$;
comment on function private.retry_pushes is 'In: pushes. Out: for each the push that is queued now, or the code of a refusal. Where a breaker is open, its next probe comes at once.';
-- end db/functions/pushes/private.retry_pushes.sql

-- begin db/functions/pushes/private.retry_case.sql
-- What a case is about is sent again: its push; or, where the member system has another number than a record whose number nobody ever
-- sent there, because it came from an import, the recorded one.
create or replace function private.retry_case(p_conflict_id uuid)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
  v_push_id uuid;
begin
  select known.* into c from registry.conflicts as known
  where known.id = p_conflict_id and known.organization_id = any (private.coordinator_organizations());
  if c.closed_at is null and c.push_id is not null then
    return (private.retry_pushes(array[c.push_id]))[1];
  end if;
  c := private.lock_case(p_conflict_id);
  if c.id is null then
    return '{"code": "not_found"}'::jsonb;
  elsif c.closed_at is not null then
    return '{"code": "not_open"}'::jsonb;
  elsif c.kind <> 'drift' then
    return '{"code": "decision_not_applicable"}'::jsonb;
  end if;
  v_push_id := private.queue_push(c.member_id, p_decided => true);
  perform private.record_event('push_requeued', 'coordinator', c.organization_id, 'A coordinator had the recorded number sent.',
    p_member_id => c.member_id, p_conflict_id => c.id, p_push_id => v_push_id);
  c.proposal := null; -- what was proposed instead falls
  perform private.close_case(c, 'retry_sync', null);
  return jsonb_build_object('push_id', v_push_id, 'state', 'pending');
end
$$;
comment on function private.retry_case is 'In: a case. Out: the push that is queued now, or the code of a refusal.';
-- end db/functions/pushes/private.retry_case.sql

-- begin db/functions/pushes/private.retry_sync.sql
-- One push answers as it is; several answer how many. The refusal of one does not stop the others.
create or replace function private.retry_sync(p_push_id uuid, p_push_ids uuid[], p_error_code text, p_conflict_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[] := p_push_ids;
  v_answer jsonb;
  v_queued integer;
begin
  if num_nonnulls(p_push_id, p_push_ids, p_error_code, p_conflict_id) <> 1 or cardinality(p_push_ids) > 1000 then
    return private.refuse('retry_sync', 'name_one_thing', coalesce(p_push_id, p_conflict_id));
  elsif num_nonnulls(p_push_id, p_conflict_id) = 1 then
    v_answer := case when p_push_id is null then private.retry_case(p_conflict_id) else (private.retry_pushes(array[p_push_id]))[1] end;
    return case when v_answer ? 'code'
      then private.refuse('retry_sync', v_answer ->> 'code', coalesce(p_push_id, p_conflict_id)) else v_answer end;
  elsif p_error_code is not null then
    v_ids := array(
      select p.id from sync.pushes as p
      where p.organization_id = any (private.coordinator_organizations()) and p.error_code = p_error_code
        and (p.state in ('rejected', 'given_up') or p.state = 'pending') and not private.is_followed(p)
      order by p.created_at limit 1000);
  end if;
  select count(*) filter (where not t.answer ? 'code') into v_queued from unnest(private.retry_pushes(v_ids)) as t(answer);
  return jsonb_build_object('queued', v_queued, 'not_queued', cardinality(v_ids) - v_queued);
end
$$;
comment on function private.retry_sync is 'See api.retry_sync.';
grant execute on function private.retry_sync to authenticated;
-- end db/functions/pushes/private.retry_sync.sql

-- begin db/functions/pushes/api.retry_sync.sql
-- A coordinator has pushes tried again, at once: one, several, all that failed for the same reason, or what a case is about.
create or replace function api.retry_sync(
  push_id uuid default null, push_ids uuid[] default null, error_code text default null, conflict_id uuid default null
)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.retry_sync(retry_sync.push_id, retry_sync.push_ids, retry_sync.error_code, retry_sync.conflict_id);
end;
comment on function api.retry_sync is 'In: a push of api.failed_syncs, or several, or the error_code that a thousand at most of them share, or an open case about a push or a drift. Out: for one, the push that is queued now; else how many were queued and how many were not; or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.retry_sync to authenticated;
-- end db/functions/pushes/api.retry_sync.sql

-- begin db/functions/pushes/api.deliveries.sql
-- Every change on its way to a member system, or that was, for a page that shows how it went. Newest first: order=created_at.desc,id.desc.
-- The organisation and the record are looked up row by row ("offset 0"): joined, everything would be put in order before the first page is there.
create or replace view api.deliveries with (security_invoker = true) as
select
  p.id, g.slug as organization, p.member_id, m.external_id as member_external_id, m.given_name as member_given_name,
  m.family_name as member_family_name, case when p.removal then 'remove' else 'set' end as change, p.state, p.attempts, p.created_at,
  private.next_attempt(p.next_attempt_at, p.settled_at, b.state, b.probe_at) as next_attempt_at, p.settled_at, p.error_code,
  private.explain_failure(case when p.waits_for_conflict_id is null then p.error_code else 'disputed' end) as reason, p.waits_for_conflict_id
from sync.pushes as p
cross join lateral (select r.slug from registry.organizations as r where r.id = p.organization_id offset 0) as g
cross join lateral (select r.external_id, r.given_name, r.family_name from registry.members as r where r.id = p.member_id offset 0) as m
left join sync.breakers as b on b.organization_id = p.organization_id;
comment on view api.deliveries is 'Changes of the coordinator''s organisations to be carried to their member systems, whatever became of them.';
comment on column api.deliveries.id is 'The change; api.retry_sync takes it.';
comment on column api.deliveries.organization is 'Whose member system (slug).';
comment on column api.deliveries.member_id is 'The member whose number is carried.';
comment on column api.deliveries.member_external_id is 'The member''s number in the member system.';
comment on column api.deliveries.member_given_name is 'Given name on the record.';
comment on column api.deliveries.member_family_name is 'Family name on the record.';
comment on column api.deliveries.change is 'set: the number is to be recorded there; remove: taken away.';
comment on column api.deliveries.state is 'Where it stands (docs/for-coordinators.md).';
comment on column api.deliveries.attempts is 'Attempts begun.';
comment on column api.deliveries.created_at is 'When the change was made.';
comment on column api.deliveries.next_attempt_at is 'When it is tried next; null: it waits for a case, or is not tried any more.';
comment on column api.deliveries.settled_at is 'When it was delivered, refused, given up or overtaken.';
comment on column api.deliveries.error_code is 'Code of the last failure (docs/error-codes.md).';
comment on column api.deliveries.reason is 'The same as a sentence; that it waits for a case.';
comment on column api.deliveries.waits_for_conflict_id is 'The case that is to be settled before the change is sent.';
grant select on api.deliveries to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.deliveries
for each row execute function private.tg__refuse_write();
-- end db/functions/pushes/api.deliveries.sql

-- begin db/functions/erasure/private.give_receipt.sql
-- The receipt is given out once, and then it is only known here by its digest.
create or replace function private.give_receipt(p_erasure_id uuid, p_source text)
returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  e audit.erasures;
  v_receipt text;
begin
  delete from registry.erasure_receipts as r where r.erasure_id = p_erasure_id returning r.receipt into v_receipt;
  if v_receipt is not null then
    update audit.erasures as known set receipt_given_at = clock_timestamp(), receipt_given_to = private.actor()
    where known.id = p_erasure_id returning known.* into e;
    perform private.record_event('erasure_receipt_given', p_source, e.organization_id, 'The receipt of the erasure was given out.',
      p_member_id => e.member_id, p_detail => jsonb_build_object('erasure_id', e.id));
  end if;
  return v_receipt;
end
$$;
comment on function private.give_receipt is 'In: an erasure, audit source. Out: its receipt (a compact JWS), given out now; null: it was given before, or is not there yet.';
-- end db/functions/erasure/private.give_receipt.sql

-- begin db/functions/erasure/private.fetch_erasure_receipt.sql
-- A coordinator fetches the receipt, to hand it on to the person.
create or replace function private.fetch_erasure_receipt(p_erasure_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  e audit.erasures;
  v_receipt text;
begin
  select known.* into e from audit.erasures as known
  where known.id = p_erasure_id and known.organization_id = any (private.coordinator_organizations());
  v_receipt := private.give_receipt(e.id, 'coordinator') where e.id is not null;
  if v_receipt is null then
    select known.* into e from audit.erasures as known where known.id = e.id; -- a colleague may have fetched it at this moment
    return private.refuse('fetch_erasure_receipt',
      case when e.id is null then 'not_found' when e.receipt_digest is null then 'erasure_not_done'
        when e.receipt_digest is not null then 'receipt_given' end, p_erasure_id);
  end if;
  return jsonb_build_object('erasure_id', e.id, 'receipt', v_receipt);
end
$$;
comment on function private.fetch_erasure_receipt is 'See api.fetch_erasure_receipt.';
grant execute on function private.fetch_erasure_receipt to authenticated;
-- end db/functions/erasure/private.fetch_erasure_receipt.sql

-- begin db/functions/erasure/api.fetch_erasure_receipt.sql
-- The receipt, for the person. It can be had once.
create or replace function api.fetch_erasure_receipt(erasure_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.fetch_erasure_receipt(fetch_erasure_receipt.erasure_id);
end;
comment on function api.fetch_erasure_receipt is 'In: an erasure of api.erasures. Out: {"erasure_id", "receipt"}: a compact JWS whose payload lists what was erased; it is given out once. Or a refusal with code and message (HTTP 404, 409).';
grant execute on function api.fetch_erasure_receipt to authenticated;
-- end db/functions/erasure/api.fetch_erasure_receipt.sql

-- begin db/functions/erasure/api.erasures.sql
-- Whom the organisation has erased, or is about to: no names, and nobody can be found by it.
create or replace view api.erasures with (security_invoker = true) as
select
  e.id as erasure_id, g.slug as organization, e.member_id, e.state, e.reason, private.user_of_actor(e.requested_by) as requested_by,
  private.user_of_actor(e.approved_by) as approved_by, e.announced_at, e.erased_at, e.counts, e.removal, e.removed_at,
  e.receipt_digest is not null and e.receipt_given_at is null as receipt_waits, e.receipt_given_at
from audit.erasures as e
join registry.organizations as g on g.id = e.organization_id;
comment on view api.erasures is 'Persons whom the coordinator''s organisations have erased, or who are about to be.';
comment on column api.erasures.erasure_id is 'The erasure; api.fetch_erasure_receipt takes it.';
comment on column api.erasures.organization is 'Whose member (slug).';
comment on column api.erasures.member_id is 'The record that was asked about.';
comment on column api.erasures.state is 'announced: the worker carries it out within seconds; erased.';
comment on column api.erasures.reason is 'Why.';
comment on column api.erasures.requested_by is 'The coordinator who asked for it (user id); null: the operator.';
comment on column api.erasures.approved_by is 'The second coordinator, where two were needed.';
comment on column api.erasures.announced_at is 'When it was decided.';
comment on column api.erasures.erased_at is 'When it was carried out.';
comment on column api.erasures.counts is 'What was erased: numbers of rows by table.';
comment on column api.erasures.removal is 'not_needed: no number had been sent to the member system; queued: it is told to remove the number; delivered: it has, or a coordinator closed the case about it.';
comment on column api.erasures.removed_at is 'When.';
comment on column api.erasures.receipt_waits is 'Whether the receipt is there to be fetched.';
comment on column api.erasures.receipt_given_at is 'When it was given out.';
grant select on api.erasures to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.erasures
for each row execute function private.tg__refuse_write();
-- end db/functions/erasure/api.erasures.sql

-- begin db/functions/matching/private.lower_letters.sql
-- Written by `npm run db:letters` from Unicode data.
-- Small letters of every script that has capitals, whatever the database's locale: lower() knows A to Z only where that is C, and
-- makes another letter of I where it is Turkish.
create or replace function private.lower_letters(p_decomposed text)
returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_decomposed collate "C" !~ '[^\u0001-\u007f\u0300-\u036f]' then
    return lower(p_decomposed collate "C"); -- A to Z and marks, which is nearly always
  end if;
  return lower(translate(p_decomposed,
    U&'\00c6\00d0\00d8\00de\0110\0126\0132\013f\0141\014a\0152\0166\0181\0182\0184\0186\0187\0189\018a\018b\018e\018f\0190\0191\0193\0194'
    '\0196\0197\0198\019c\019d\019f\01a2\01a4\01a6\01a7\01a9\01ac\01ae\01b1\01b2\01b3\01b5\01b7\01b8\01bc\01c4\01c5\01c7\01c8\01ca\01cb'
    '\01e4\01f1\01f2\01f6\01f7\021c\0220\0222\0224\023a\023b\023d\023e\0241\0243\0244\0245\0246\0248\024a\024c\024e\0370\0372\0376\037f'
    '\0391\0392\0393\0394\0395\0396\0397\0398\0399\039a\039b\039c\039d\039e\039f\03a0\03a1\03a3\03a4\03a5\03a6\03a7\03a8\03a9\03cf\03d8'
    '\03da\03dc\03de\03e0\03f4\03f7\03f9\03fa\03fd\03fe\03ff\0402\0404\0405\0406\0408\0409\040a\040b\040f\0410\0411\0412\0413\0414\0415'
    '\0416\0417\0418\041a\041b\041c\041d\041e\041f\0420\0421\0422\0423\0424\0425\0426\0427\0428\0429\042a\042b\042c\042d\042e\042f\0460'
    '\0462\0464\0466\0468\046a\046c\046e\0470\0472\0474\0478\047a\047c\047e\0480\048a\048c\048e\0490\0492\0494\0496\0498\049a\049c\049e'
    '\04a0\04a2\04a4\04a6\04a8\04aa\04ac\04ae\04b0\04b2\04b4\04b6\04b8\04ba\04bc\04be\04c0\04c3\04c5\04c7\04c9\04cb\04cd\04d4\04d8\04e0'
    '\04e8\04f6\04fa\04fc\04fe\0500\0502\0504\0506\0508\050a\050c\050e\0510\0512\0514\0516\0518\051a\051c\051e\0520\0522\0524\0526\0528'
    '\052a\052c\052e\0531\0532\0533\0534\0535\0536\0537\0538\0539\053a\053b\053c\053d\053e\053f\0540\0541\0542\0543\0544\0545\0546\0547'
    '\0548\0549\054a\054b\054c\054d\054e\054f\0550\0551\0552\0553\0554\0555\0556\10a0\10a1\10a2\10a3\10a4\10a5\10a6\10a7\10a8\10a9\10aa'
    '\10ab\10ac\10ad\10ae\10af\10b0\10b1\10b2\10b3\10b4\10b5\10b6\10b7\10b8\10b9\10ba\10bb\10bc\10bd\10be\10bf\10c0\10c1\10c2\10c3\10c4'
    '\10c5\10c7\10cd\1c89\1c90\1c91\1c92\1c93\1c94\1c95\1c96\1c97\1c98\1c99\1c9a\1c9b\1c9c\1c9d\1c9e\1c9f\1ca0\1ca1\1ca2\1ca3\1ca4\1ca5'
    '\1ca6\1ca7\1ca8\1ca9\1caa\1cab\1cac\1cad\1cae\1caf\1cb0\1cb1\1cb2\1cb3\1cb4\1cb5\1cb6\1cb7\1cb8\1cb9\1cba\1cbd\1cbe\1cbf\1e9e\1efa'
    '\1efc\1efe\2132\2160\2161\2162\2163\2164\2165\2166\2167\2168\2169\216a\216b\216c\216d\216e\216f\2183\2c60\2c62\2c63\2c64\2c67\2c69'
    '\2c6b\2c6d\2c6e\2c6f\2c70\2c72\2c75\2c7e\2c7f\a640\a642\a644\a646\a648\a64a\a64c\a64e\a650\a652\a654\a656\a658\a65a\a65c\a65e\a660'
    '\a662\a664\a666\a668\a66a\a66c\a680\a682\a684\a686\a688\a68a\a68c\a68e\a690\a692\a694\a696\a698\a69a\a722\a724\a726\a728\a72a\a72c'
    '\a72e\a732\a734\a736\a738\a73a\a73c\a73e\a740\a742\a744\a746\a748\a74a\a74c\a74e\a750\a752\a754\a756\a758\a75a\a75c\a75e\a760\a762'
    '\a764\a766\a768\a76a\a76c\a76e\a779\a77b\a77d\a77e\a780\a782\a784\a786\a78b\a78d\a790\a792\a796\a798\a79a\a79c\a79e\a7a0\a7a2\a7a4'
    '\a7a6\a7a8\a7aa\a7ab\a7ac\a7ad\a7ae\a7b0\a7b1\a7b2\a7b3\a7b4\a7b6\a7b8\a7ba\a7bc\a7be\a7c0\a7c2\a7c4\a7c5\a7c6\a7c7\a7c9\a7cb\a7cc'
    '\a7ce\a7d0\a7d2\a7d4\a7d6\a7d8\a7da\a7dc\a7f5\ff21\ff22\ff23\ff24\ff25\ff26\ff27\ff28\ff29\ff2a\ff2b\ff2c\ff2d\ff2e\ff2f\ff30\ff31'
    '\ff32\ff33\ff34\ff35\ff36\ff37\ff38\ff39\ff3a',
    U&'\00e6\00f0\00f8\00fe\0111\0127\0133\0140\0142\014b\0153\0167\0253\0183\0185\0254\0188\0256\0257\018c\01dd\0259\025b\0192\0260\0263'
    '\0269\0268\0199\026f\0272\0275\01a3\01a5\0280\01a8\0283\01ad\0288\028a\028b\01b4\01b6\0292\01b9\01bd\01c6\01c6\01c9\01c9\01cc\01cc'
    '\01e5\01f3\01f3\0195\01bf\021d\019e\0223\0225\2c65\023c\019a\2c66\0242\0180\0289\028c\0247\0249\024b\024d\024f\0371\0373\0377\03f3'
    '\03b1\03b2\03b3\03b4\03b5\03b6\03b7\03b8\03b9\03ba\03bb\03bc\03bd\03be\03bf\03c0\03c1\03c3\03c4\03c5\03c6\03c7\03c8\03c9\03d7\03d9'
    '\03db\03dd\03df\03e1\03b8\03f8\03f2\03fb\037b\037c\037d\0452\0454\0455\0456\0458\0459\045a\045b\045f\0430\0431\0432\0433\0434\0435'
    '\0436\0437\0438\043a\043b\043c\043d\043e\043f\0440\0441\0442\0443\0444\0445\0446\0447\0448\0449\044a\044b\044c\044d\044e\044f\0461'
    '\0463\0465\0467\0469\046b\046d\046f\0471\0473\0475\0479\047b\047d\047f\0481\048b\048d\048f\0491\0493\0495\0497\0499\049b\049d\049f'
    '\04a1\04a3\04a5\04a7\04a9\04ab\04ad\04af\04b1\04b3\04b5\04b7\04b9\04bb\04bd\04bf\04cf\04c4\04c6\04c8\04ca\04cc\04ce\04d5\04d9\04e1'
    '\04e9\04f7\04fb\04fd\04ff\0501\0503\0505\0507\0509\050b\050d\050f\0511\0513\0515\0517\0519\051b\051d\051f\0521\0523\0525\0527\0529'
    '\052b\052d\052f\0561\0562\0563\0564\0565\0566\0567\0568\0569\056a\056b\056c\056d\056e\056f\0570\0571\0572\0573\0574\0575\0576\0577'
    '\0578\0579\057a\057b\057c\057d\057e\057f\0580\0581\0582\0583\0584\0585\0586\2d00\2d01\2d02\2d03\2d04\2d05\2d06\2d07\2d08\2d09\2d0a'
    '\2d0b\2d0c\2d0d\2d0e\2d0f\2d10\2d11\2d12\2d13\2d14\2d15\2d16\2d17\2d18\2d19\2d1a\2d1b\2d1c\2d1d\2d1e\2d1f\2d20\2d21\2d22\2d23\2d24'
    '\2d25\2d27\2d2d\1c8a\10d0\10d1\10d2\10d3\10d4\10d5\10d6\10d7\10d8\10d9\10da\10db\10dc\10dd\10de\10df\10e0\10e1\10e2\10e3\10e4\10e5'
    '\10e6\10e7\10e8\10e9\10ea\10eb\10ec\10ed\10ee\10ef\10f0\10f1\10f2\10f3\10f4\10f5\10f6\10f7\10f8\10f9\10fa\10fd\10fe\10ff\00df\1efb'
    '\1efd\1eff\214e\2170\2171\2172\2173\2174\2175\2176\2177\2178\2179\217a\217b\217c\217d\217e\217f\2184\2c61\026b\1d7d\027d\2c68\2c6a'
    '\2c6c\0251\0271\0250\0252\2c73\2c76\023f\0240\a641\a643\a645\a647\a649\a64b\a64d\a64f\a651\a653\a655\a657\a659\a65b\a65d\a65f\a661'
    '\a663\a665\a667\a669\a66b\a66d\a681\a683\a685\a687\a689\a68b\a68d\a68f\a691\a693\a695\a697\a699\a69b\a723\a725\a727\a729\a72b\a72d'
    '\a72f\a733\a735\a737\a739\a73b\a73d\a73f\a741\a743\a745\a747\a749\a74b\a74d\a74f\a751\a753\a755\a757\a759\a75b\a75d\a75f\a761\a763'
    '\a765\a767\a769\a76b\a76d\a76f\a77a\a77c\1d79\a77f\a781\a783\a785\a787\a78c\0265\a791\a793\a797\a799\a79b\a79d\a79f\a7a1\a7a3\a7a5'
    '\a7a7\a7a9\0266\025c\0261\026c\026a\029e\0287\029d\ab53\a7b5\a7b7\a7b9\a7bb\a7bd\a7bf\a7c1\a7c3\a794\0282\1d8e\a7c8\a7ca\0264\a7cd'
    '\a7cf\a7d1\a7d3\a7d5\a7d7\a7d9\a7db\019b\a7f6\ff41\ff42\ff43\ff44\ff45\ff46\ff47\ff48\ff49\ff4a\ff4b\ff4c\ff4d\ff4e\ff4f\ff50\ff51'
    '\ff52\ff53\ff54\ff55\ff56\ff57\ff58\ff59\ff5a') collate "C");
end
$$;
comment on function private.lower_letters is 'In: a text in normal form D or KD. Out: the same in small letters.';
-- end db/functions/matching/private.lower_letters.sql

-- begin db/functions/matching/private.without_invisible.sql
-- Written by `npm run db:letters` from Unicode data.
-- Direction marks, zero-width characters and soft hyphens come along when somebody copies a name or an address.
create or replace function private.without_invisible(p_text text)
returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return regexp_replace(p_text collate "C",
    '[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e'
    '\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3'
    '\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+', '', 'g');
end
$$;
comment on function private.without_invisible is 'In: a text. Out: the same without characters that nobody sees.';
-- end db/functions/matching/private.without_invisible.sql

-- begin db/functions/matching/private.email_key.sql
-- What e-mail addresses are compared by: case of every script, letters composed or decomposed, invisible characters and white space are forgiven,
-- whatever the database's locale. Nothing else is: ole and olé, yildiz and yıldız are two mailboxes, and whoever owns gmaıl.com must not be
-- taken for somebody at gmail.com. An index is made of it: who changes this function makes registry.members_email anew.
create or replace function private.email_key(p_email text)
returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  if octet_length(p_email) = length(p_email) then
    return lower(translate(p_email, E' \t\n\r', '') collate "C");
  end if;
  return normalize(private.lower_letters(normalize(regexp_replace(private.without_invisible(p_email) collate "C",
    '[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+', '', 'g'), nfd)), nfc);
end
$$;
comment on function private.email_key is 'In: an e-mail address. Out: the form in which two spellings of one address are equal.';
-- end db/functions/matching/private.email_key.sql

-- begin db/functions/matching/private.space_out_signs.sql
-- Written by `npm run db:letters` from Unicode data.
-- What is neither a letter nor a mark of one (dash, full stop, digit, symbol ...) separates words, and belongs to no name itself.
create or replace function private.space_out_signs(p_text text)
returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return regexp_replace(p_text collate "C",
    '[\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u02c2-\u02c5\u02d2-\u02df\u02e5-\u02eb\u02ed\u02ef-\u02ff\u0375'
    '\u037e\u0384-\u0385\u0387\u03f6\u0482\u055a-\u055f\u0589-\u058f\u05be\u05c0\u05c3\u05c6\u05f3-\u060f\u061b-\u061f\u0660-\u066d'
    '\u06d4\u06dd-\u06de\u06e9\u06f0-\u06f9\u06fd-\u06fe\u0700-\u070f\u07c0-\u07c9\u07f6-\u07f9\u07fe-\u07ff\u0830-\u083e\u085e\u0888'
    '\u0890-\u0891\u08e2\u0964-\u0970\u09e6-\u09ef\u09f2-\u09fb\u09fd\u0a66-\u0a6f\u0a76\u0ae6-\u0af1\u0b66-\u0b70\u0b72-\u0b77'
    '\u0be6-\u0bfa\u0c66-\u0c7f\u0c84\u0ce6-\u0cef\u0d4f\u0d58-\u0d5e\u0d66-\u0d79\u0de6-\u0def\u0df4\u0e3f\u0e4f-\u0e5b\u0ed0-\u0ed9'
    '\u0f01-\u0f17\u0f1a-\u0f34\u0f36\u0f38\u0f3a-\u0f3d\u0f85\u0fbe-\u0fc5\u0fc7-\u0fda\u1040-\u104f\u1090-\u1099\u109e-\u109f\u10fb'
    '\u1360-\u137c\u1390-\u1399\u1400\u166d-\u166e\u1680\u169b-\u169c\u16eb-\u16f0\u1735-\u1736\u17d4-\u17d6\u17d8-\u17db\u17e0-\u180a'
    '\u180e\u1810-\u1819\u1940-\u194f\u19d0-\u19ff\u1a1e-\u1a1f\u1a80-\u1aa6\u1aa8-\u1aad\u1b4e-\u1b6a\u1b74-\u1b7f\u1bb0-\u1bb9'
    '\u1bfc-\u1bff\u1c3b-\u1c49\u1c50-\u1c59\u1c7e-\u1c7f\u1cc0-\u1cc7\u1cd3\u1fbd\u1fbf-\u1fc1\u1fcd-\u1fcf\u1fdd-\u1fdf\u1fed-\u1fef'
    '\u1ffd-\u2070\u2074-\u207e\u2080-\u208e\u20a0-\u20c1\u2100-\u2101\u2103-\u2106\u2108-\u2109\u2114\u2116-\u2118\u211e-\u2123\u2125'
    '\u2127\u2129\u212e\u213a-\u213b\u2140-\u2144\u214a-\u214d\u214f-\u2182\u2185-\u2bff\u2ce5-\u2cea\u2cf9-\u2cff\u2d70\u2e00-\u2e2e'
    '\u2e30-\u3004\u3007-\u3029\u3030\u3036-\u303a\u303d-\u303f\u309b-\u309c\u30a0\u30fb\u3190-\u319f\u31c0-\u31ef\u3200-\u33ff'
    '\u4dc0-\u4dff\ua490-\ua4c6\ua4fe-\ua4ff\ua60d-\ua60f\ua620-\ua629\ua673\ua67e\ua6e6-\ua6ef\ua6f2-\ua716\ua720-\ua721\ua789-\ua78a'
    '\ua828-\ua82b\ua830-\ua839\ua874-\ua877\ua8ce-\ua8d9\ua8f8-\ua8fa\ua8fc\ua900-\ua909\ua92e-\ua92f\ua95f\ua9c1-\ua9cd\ua9d0-\ua9df'
    '\ua9f0-\ua9f9\uaa50-\uaa5f\uaa77-\uaa79\uaade-\uaadf\uaaf0-\uaaf1\uab5b\uab6a-\uab6b\uabeb\uabf0-\uabf9\ue000-\uf8ff\ufb29'
    '\ufbb2-\ufbd2\ufd3e-\ufd4f\ufd90-\ufd91\ufdc8-\ufdcf\ufdfc-\ufdff\ufe10-\ufe19\ufe30-\ufe6b\ufeff-\uff20\uff3b-\uff40\uff5b-\uff65'
    '\uffe0-\ufffd\U00010100-\U000101fc\U000102e1-\U000102fb\U00010320-\U00010323\U00010341\U0001034a\U0001039f\U000103d0-\U000103d5'
    '\U000104a0-\U000104a9\U0001056f\U00010857-\U0001085f\U00010877-\U0001087f\U000108a7-\U000108af\U000108fb-\U000108ff'
    '\U00010916-\U0001091f\U0001093f\U000109bc-\U000109bd\U000109c0-\U000109ff\U00010a40-\U00010a58\U00010a7d-\U00010a7f'
    '\U00010a9d-\U00010a9f\U00010ac8\U00010aeb-\U00010af6\U00010b39-\U00010b3f\U00010b58-\U00010b5f\U00010b78-\U00010b7f'
    '\U00010b99-\U00010baf\U00010cfa-\U00010cff\U00010d30-\U00010d49\U00010d6e\U00010d8e-\U00010e7e\U00010ead\U00010ed0-\U00010ed8'
    '\U00010f1d-\U00010f26\U00010f51-\U00010f59\U00010f86-\U00010f89\U00010fc5-\U00010fcb\U00011047-\U0001106f\U000110bb-\U000110c1'
    '\U000110cd\U000110f0-\U000110f9\U00011136-\U00011143\U00011174-\U00011175\U000111c5-\U000111c8\U000111cd\U000111d0-\U000111d9'
    '\U000111db\U000111dd-\U000111f4\U00011238-\U0001123d\U000112a9\U000112f0-\U000112f9\U000113d4-\U000113d8\U0001144b-\U0001145d'
    '\U000114c6\U000114d0-\U000114d9\U000115c1-\U000115d7\U00011641-\U00011643\U00011650-\U0001166c\U000116b9-\U000116e3'
    '\U00011730-\U0001173f\U0001183b\U000118e0-\U000118f2\U00011944-\U00011959\U000119e2\U00011a3f-\U00011a46\U00011a9a-\U00011a9c'
    '\U00011a9e-\U00011aa2\U00011b00-\U00011b09\U00011be1-\U00011bf9\U00011c41-\U00011c71\U00011d50-\U00011d59\U00011da0-\U00011da9'
    '\U00011de0-\U00011de9\U00011ef7-\U00011ef8\U00011f43-\U00011f59\U00011fc0-\U00011fff\U00012400-\U00012474\U00012ff1-\U00012ff2'
    '\U00013430-\U0001343f\U00016130-\U00016139\U00016a60-\U00016a6f\U00016ac0-\U00016ac9\U00016af5\U00016b37-\U00016b3f'
    '\U00016b44-\U00016b61\U00016d6d-\U00016d79\U00016e80-\U00016e9a\U00016fe2\U00016ff4-\U00016ff6\U0001bc9c\U0001bc9f-\U0001cef0'
    '\U0001cf50-\U0001d164\U0001d16a-\U0001d16c\U0001d173-\U0001d17a\U0001d183-\U0001d184\U0001d18c-\U0001d1a9\U0001d1ae-\U0001d241'
    '\U0001d245-\U0001d378\U0001d6c1\U0001d6db\U0001d6fb\U0001d715\U0001d735\U0001d74f\U0001d76f\U0001d789\U0001d7a9\U0001d7c3'
    '\U0001d7ce-\U0001d9ff\U0001da37-\U0001da3a\U0001da6d-\U0001da74\U0001da76-\U0001da83\U0001da85-\U0001da8b\U0001e140-\U0001e149'
    '\U0001e14f\U0001e2f0-\U0001e2ff\U0001e4f0-\U0001e4f9\U0001e5f1-\U0001e5ff\U0001e8c7-\U0001e8cf\U0001e950-\U0001ed3d'
    '\U0001eef0-\U0001fbfa\U000e0000-\U000e00ff\U000e01f0-\U0010fffd]+', ' ', 'g');
end
$$;
comment on function private.space_out_signs is 'In: a text. Out: the same with a space for everything beyond ASCII that is no letter.';
-- end db/functions/matching/private.space_out_signs.sql

-- begin db/functions/matching/private.name_letters.sql
-- Registers, passports and identity providers write one name differently: case, accents, Å, Aa or A, Ø, Oe or O, Þ or Th (ICAO 9303, part 3,
-- section 6), apostrophes of many forms, letters composed or decomposed. Here each letter is written out the long way (Å as aa, Ø as oe), because
-- Ås is a name and as an Arabic article; private.fold_spelling makes the long and the short way one. Nothing in here asks the database's locale.
-- The steps in the middle are for what is rare: other scripts, typographic punctuation, characters that nobody sees.
create or replace function private.name_letters(p_name text)
returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text text collate "C" := p_name;
begin
  if octet_length(v_text) > length(v_text) then
    v_text := normalize(translate(v_text, U&'\00B4\0384\1FBD\1FBF\1FFD', ''), nfkc); -- accents that stand for an apostrophe
    v_text := translate(v_text,
      'ÅÄÆÖØŒÜÞẞðÐđĐɖƉħĦıĸłŁŋŊŧŦǥǤƶƵʒƷəƏǝƎɨƗʉɄɵƟɓƁɗƊƙƘƴƳɔƆɛƐɩƖʋƲƒƑɣƔ',
      'åäæöøœüþßddddddhhikllnnttggzzzzaaaaiiuuoobbddkkyyooeeiivvffgg');
    v_text := replace(replace(replace(v_text, 'å', 'aa'), 'æ', 'ae'), 'ä', 'ae');
    v_text := replace(replace(replace(v_text, 'ø', 'oe'), 'ö', 'oe'), 'œ', 'oe');
    v_text := replace(replace(replace(v_text, 'ü', 'ue'), 'þ', 'th'), 'ß', 'ss');
    if octet_length(v_text) > length(v_text) then
      v_text := normalize(v_text, nfkd);
      if v_text ~ '[^\u0001-\u007f\u0300-\u036f]' then
        v_text := private.without_invisible(replace(private.lower_letters(v_text), 'ς', 'σ'));
        -- Apostrophes and what is written for one; marks of Greek, Hebrew and Arabic, which are written or not.
        v_text := regexp_replace(v_text, '[\u02b9-\u02bf\u02c8\u02ee\u2018-\u201b\u2032\u2035\ua78b\ua78c\u05f3\u055a\u0640'
          '\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed'
          '\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+', '', 'g');
        v_text := private.space_out_signs(v_text);
      end if;
      v_text := regexp_replace(v_text, '[\u0300-\u036f]+', '', 'g');
    end if;
  end if;
  v_text := lower(v_text);
  if v_text ~ '[^a-z ]' then
    -- The last two, the apostrophes of ASCII, have no counterpart and go.
    v_text := translate(v_text,
      E'\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f'
      '0123456789!"#$%&()*+,-./:;<=>?@[\\]^_{|}~''`', repeat(' ', 72));
  end if;
  return v_text;
end
$$;
comment on function private.name_letters is 'In: a name. Out: its letters, small and without accents, words parted by spaces.';
-- end db/functions/matching/private.name_letters.sql

-- begin db/functions/members/private.read_birth_date.sql
-- A date as Norwegians and programs write it, anywhere in what was typed. What is no day of the calendar is no date.
create or replace function private.read_birth_date(p_text text)
returns date
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_day text[] := regexp_match(p_text, '(?<![0-9])([0-9]{1,2})[.]([0-9]{1,2})[.]([0-9]{4})(?![0-9])');
begin
  if v_day is not null then
    v_day := array[v_day[3], v_day[2], v_day[1]];
  else
    v_day := regexp_match(p_text, '(?<![0-9])([0-9]{4})-([0-9]{2})-([0-9]{2})(?![0-9])');
  end if;
  return make_date(v_day[1]::integer, v_day[2]::integer, v_day[3]::integer);
exception when datetime_field_overflow then
  return null;
end
$$;
comment on function private.read_birth_date is 'In: what a coordinator typed. Out: the birth date in it (2.1.1980 or 1980-01-02), or null.';
-- end db/functions/members/private.read_birth_date.sql

-- begin db/functions/matching/private.fold_spelling.sql
-- A register that has no Å writes A or Aa, one that has no Ø writes O or Oe. Both ways, and the letter itself, become the short one. Moe and Mo
-- become one too: the name is the weakest of the evidence, and a case for each Ødegård would be worse.
create or replace function private.fold_spelling(p_letters text)
returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_letters collate "C" !~ 'a[ae]|[ou]e' then
    return p_letters;
  end if;
  return regexp_replace(p_letters collate "C", '(a)[ae]+|(o)e+|(u)e+', '\1\2\3', 'g');
end
$$;
comment on function private.fold_spelling is 'In: small letters, Å as aa or a and so on. Out: the same in the shortest spelling.';
-- end db/functions/matching/private.fold_spelling.sql

-- begin db/functions/members/private.search_words.sql
-- What names are searched by: every word, in the shortest spelling, so that Aase finds Åse and Moe finds Mo.
create or replace function private.search_words(p_names text)
returns text[]
language sql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(distinct private.fold_spelling(w.word)), '{}')
  from unnest(string_to_array(private.name_letters(p_names), ' ')) as w(word)
  where w.word <> ''
$$;
comment on function private.search_words is 'In: names, or what a coordinator typed. Out: its words in the form that is compared.';
-- end db/functions/members/private.search_words.sql

-- begin db/functions/members/private.find_members.sql
-- Row security cannot use the index of words (its operator may not be pushed below the policy), so the organisations are asked for here, one after
-- the other. Each search is planned by how common its words are and how large the organisation is: rare words are collected in their index, and of
-- common ones members are looked at until there are enough. Never all members in their order on disk, where the first may all be another
-- organisation's; and no page is taken to be far from the next, which would make collecting a million rows look cheaper than looking at five hundred.
create or replace function private.find_members(p_query text, p_limit integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set random_page_cost = 1.1
as $$
declare
  c_most constant integer := 500; -- of a common name that many are found, and put in order
  v_organizations constant uuid[] := private.coordinator_organizations();
  v_query constant text := btrim(private.plain_digits(coalesce(p_query, '')));
  v_most constant integer := coalesce(p_limit, 20);
  v_born date;
  v_names text;
  v_words text[];
  v_search tsquery;
  v_organization_id uuid;
  v_digits text;
  v_ids uuid[];
begin
  if v_most not between 1 and 50 then
    return private.refuse('find_members', 'limit_unusable', null);
  elsif length(v_query) > 200 then
    return private.refuse('find_members', 'query_unusable', null);
  elsif private.holds_number(v_query) then
    return private.refuse('find_members', 'number_in_query', null);
  end if;
  v_ids := array(
    select m.id from registry.members as m where m.organization_id = any (v_organizations) and m.external_id = v_query);
  v_digits := regexp_replace(v_query, '[ ()/.-]', '', 'g');
  if position('@' in v_query) > 0 then
    v_ids := v_ids || array(
      select m.id from registry.members as m
      where m.organization_id = any (v_organizations) and private.email_key(m.email) = private.email_key(v_query) limit c_most);
  elsif v_digits ~ '^(\+|00)?[0-9]{7,15}$' and v_query !~ '^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}$' and v_query !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then
    v_ids := v_ids || array(
      select m.id from registry.members as m
      where m.organization_id = any (v_organizations)
        and m.phone in ('+' || regexp_replace(v_digits, '^(\+|00)', ''), '+47' || v_digits) limit c_most);
  else
    v_born := private.read_birth_date(v_query);
    v_names := private.name_letters(regexp_replace(v_query, '[0-9][0-9.-]*', ' ', 'g'));
    v_words := private.search_words(v_names);
    -- Aa and Mo are names; one letter is half of the members.
    if v_born is null and (v_words = '{}' or v_names ~ '(^| )[^ ]( |$)') then
      if v_ids = '{}' and v_query !~ '^[0-9]+$' then -- digits are a member number, that nobody has
        return private.refuse('find_members', 'query_unusable', null);
      end if;
    else
      v_search := (select string_agg(quote_literal(w.word) || ':*', ' & ') from unnest(v_words) as w(word))::tsquery;
      foreach v_organization_id in array v_organizations loop
        execute
          'select $1 || array(
             select s.member_id from registry.member_search as s
             where s.organization_id = $2 and ($3 is null or s.birth_date = $3) and ($4 is null or s.names @@ $4) limit $5)'
        into v_ids using v_ids, v_organization_id, v_born, v_search, c_most - cardinality(v_ids);
        exit when cardinality(v_ids) >= c_most;
      end loop;
    end if;
  end if;
  return (
    with found as (
      select m.*, row_number() over (order by m.family_name, m.given_name, m.birth_date, m.id) as place
      from registry.members as m where m.organization_id = any (v_organizations) and m.id = any (v_ids) and m.erased_at is null)
    select jsonb_build_object(
      'members', coalesce(jsonb_agg(jsonb_build_object(
        'id', f.id, 'organization', g.slug, 'external_id', f.external_id, 'given_name', f.given_name, 'family_name', f.family_name,
        'birth_date', f.birth_date, 'email', f.email, 'phone', f.phone, 'personnummer_masked', f.personnummer_masked,
        'merged_into', f.merged_into) order by f.place) filter (where f.place <= v_most), '[]'),
      'more', count(*) > v_most)
    from found as f join registry.organizations as g on g.id = f.organization_id);
end
$$;
comment on function private.find_members is 'See api.find_members.';
grant execute on function private.find_members to authenticated;
-- end db/functions/members/private.find_members.sql

-- begin db/functions/members/api.find_members.sql
-- A coordinator looks for the member whose login or case is before them.
create or replace function api.find_members(query text, "limit" integer default 20)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.find_members(find_members.query, find_members."limit");
end;
comment on function api.find_members is 'In: words of a name (each from its beginning), a birth date (2.1.1980, 1980-01-02), a phone, an e-mail address or a member number; words and a birth date may be combined; at most how many (1 to 50). Out: {"members": [as in api.members, by name], "more": whether there are others}; or a refusal with code and message (HTTP 422). Never searches by personnummer.';
grant execute on function api.find_members to authenticated;
-- end db/functions/members/api.find_members.sql

-- begin db/functions/approval/private.decisions_for_two.sql
-- The one predicate for two pairs of eyes. Where linking a login needs two, so does accepting one that this links: otherwise whoever proposes
-- a link, and withdraws it, has a case on which one alone may accept it. Freezing figures for a grant always needs two.
create or replace function private.decisions_for_two(p_decisions text[], p_second_approval registry.decision[], p_kind registry.conflict_kind)
returns text[]
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select t.decision from unnest(p_decisions) as t(decision)
    where t.decision = any (p_second_approval::text[]) or t.decision = 'freeze_snapshot'
      or t.decision = 'accept_observed' and p_kind in ('ambiguous', 'name_mismatch', 'subject_moved') and 'link_login' = any (p_second_approval));
end
$$;
comment on function private.decisions_for_two is 'In: decisions, those that the organisation lists, kind of the case (null: none). Out: the decisions that a second coordinator must approve.';
grant execute on function private.decisions_for_two to authenticated; -- called by api.open_conflicts, api.unlinked_logins and api.my_profile
-- end db/functions/approval/private.decisions_for_two.sql

-- begin db/functions/matching/api.unlinked_logins.sql
-- People who logged in and could not be taken for a member, and whose login still belongs to nobody. Links are looked up login by login
-- ("offset 0"): joined, all logins would be compared with all links before the first page is there.
create or replace view api.unlinked_logins with (security_invoker = true) as
select
  o.id as observation_id, g.slug as organization, o.provider, o.outcome, o.received_at, o.given_name, o.family_name, o.birth_date,
  o.personnummer_masked, o.explanation, private.decisions_for_two('{link_login}', g.second_approval, null) <> '{}' as needs_approval
from registry.observations as o
join registry.organizations as g on g.id = o.organization_id
where o.outcome in ('unlinked', 'ambiguous', 'name_mismatch') and o.erased_at is null
  and not exists (
    select from registry.identity_links as l
    where l.organization_id = o.organization_id and l.issuer = o.issuer and l.subject = o.subject offset 0);
comment on view api.unlinked_logins is 'Logins in the coordinator''s organisations that matched no member with certainty.';
comment on column api.unlinked_logins.observation_id is 'The login; api.link_login takes it.';
comment on column api.unlinked_logins.organization is 'Where the person logged in (slug).';
comment on column api.unlinked_logins.provider is 'What the person logged in with.';
comment on column api.unlinked_logins.outcome is 'unlinked: nobody matches; ambiguous: several do; name_mismatch: one does, under another name.';
comment on column api.unlinked_logins.received_at is 'When it was recorded.';
comment on column api.unlinked_logins.given_name is 'Given name that the login brought.';
comment on column api.unlinked_logins.family_name is 'Family name that the login brought.';
comment on column api.unlinked_logins.birth_date is 'Birth date that the login brought.';
comment on column api.unlinked_logins.personnummer_masked is 'The number that the login brought, masked.';
comment on column api.unlinked_logins.explanation is 'By what it was compared, what agreed and what disagreed.';
comment on column api.unlinked_logins.needs_approval is 'Whether linking it is only proposed, and a second coordinator must approve.';
grant select on api.unlinked_logins to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.unlinked_logins
for each row execute function private.tg__refuse_write();
-- end db/functions/matching/api.unlinked_logins.sql

-- begin db/functions/matching/private.case_of_login.sql
-- A proposal stands on a case. A login that has none, because nobody was told of it or because it was settled, gets one of its own.
create or replace function private.case_of_login(o registry.observations, p_member_id uuid)
returns registry.conflicts
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
begin
  select known.* into c from private.open_cases_of_login(o) as known order by known.state = 'proposed' desc, known.opened_at, known.id limit 1;
  if c.id is null then
    c.id := gen_random_uuid();
    c.organization_id := o.organization_id;
    c.kind := 'ambiguous';
    c.candidates := array[p_member_id];
    c.observation_id := o.id;
    c.fingerprint := concat_ws(' ', 'ambiguous', c.id);
    c.personnummer_index := o.personnummer_index;
    c.personnummer_index_previous := o.personnummer_index_previous;
    c.detail := o.explanation;
    c := private.open_case(c);
  end if;
  return c;
end
$$;
comment on function private.case_of_login is 'In: an observation of a login that is linked to nobody, the member it is said to be. Out: the open case about it, locked: one that has a proposal, else the oldest, else a new one.';
-- end db/functions/matching/private.case_of_login.sql

-- begin db/functions/approval/private.needs_approval.sql
-- Two pairs of eyes: the organisation says which decisions one coordinator only proposes.
create or replace function private.needs_approval(p_organization_id uuid, p_decision registry.decision, p_kind registry.conflict_kind)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select private.decisions_for_two(array[p_decision::text], g.second_approval, p_kind) <> '{}'
  from registry.organizations as g where g.id = p_organization_id
$$;
comment on function private.needs_approval is 'In: an organisation, a decision, the kind of the case (null: none). Out: whether a second coordinator must approve it.';
-- end db/functions/approval/private.needs_approval.sql

-- begin db/functions/number/private.read_mask.sql
-- The six visible digits: day (D-number: + 40), month (synthetic: + 80), year in two digits.
create or replace function private.read_mask(p_masked text)
returns table (birth_date text, d_number boolean, synthetic boolean)
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select
    to_char(d.day % 40, 'FM00') || to_char(d.month % 80, 'FM00') || d.year,
    d.day > 40,
    d.month > 80
  from (select left(p_masked, 2)::integer as day, substr(p_masked, 3, 2)::integer as month, substr(p_masked, 5, 2) as year) as d
$$;
comment on function private.read_mask is 'In: a masked number. Out: birth date as ddmmyy without the marks, whether it is a D-number, whether it is synthetic.';
-- end db/functions/number/private.read_mask.sql

-- begin db/functions/number/private.classify_mismatch.sql
-- What a coordinator may know of two differing numbers without seeing either: the masked forms tell the birth date, and
-- whether a number is a D-number (day + 40) or synthetic (month + 80). A person who gets a personnummer after a D-number is
-- the usual harmless case (national-identity-number, section 2).
create or replace function private.classify_mismatch(p_observation registry.observations)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'same_birth_date', r.birth_date = o.birth_date,
    'd_number_to_personnummer', r.d_number and not o.d_number,
    'recorded_synthetic', r.synthetic,
    'observed_synthetic', o.synthetic,
    'older_than_record', coalesce(p_observation.received_at < m.personnummer_at, false))
  from registry.members as m, private.read_mask(m.personnummer_masked) as r, private.read_mask(p_observation.personnummer_masked) as o
  where m.id = p_observation.member_id
$$;
comment on function private.classify_mismatch is 'In: an observation whose number differs from its member''s. Out: how they differ, without the numbers.';
-- end db/functions/number/private.classify_mismatch.sql

-- begin db/functions/conflicts/private.open_case_of_login.sql
-- A login or an import disagrees with the records: the case that a coordinator is asked about. A mismatch is about a number, which is
-- compared for itself (private.same_disagreement): its index changes with the key and is erased one day, so the fingerprint says nothing of it.
create or replace function private.open_case_of_login(
  p_kind registry.conflict_kind, p_observation registry.observations,
  p_member_id uuid default null, p_other_member_id uuid default null, p_candidates uuid[] default '{}'
)
returns registry.conflicts
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
begin
  c.id := gen_random_uuid();
  c.organization_id := p_observation.organization_id;
  c.kind := p_kind;
  c.member_id := p_member_id;
  c.other_member_id := p_other_member_id;
  c.candidates := p_candidates;
  c.observation_id := p_observation.id;
  c.fingerprint := case p_kind
    when 'mismatch' then concat_ws(' ', p_kind, p_member_id, c.id)
    when 'duplicate' then concat_ws(' ', p_kind, p_member_id, p_other_member_id)
    else concat_ws(' ', p_kind, p_member_id, p_other_member_id, nullif(array_to_string(p_candidates, ','), ''),
      p_observation.issuer, p_observation.subject)
  end;
  c.personnummer_index := p_observation.personnummer_index;
  c.personnummer_index_previous := p_observation.personnummer_index_previous;
  c.detail := p_observation.explanation || case when p_kind = 'mismatch' then private.classify_mismatch(p_observation) else '{}' end;
  return private.open_case(c);
end
$$;
comment on function private.open_case_of_login is 'In: kind, observation, member, the other member, the candidates. Out: the case: new, open already, or settled before.';
-- end db/functions/conflicts/private.open_case_of_login.sql

-- begin db/functions/approval/private.propose_decision.sql
-- One coordinator proposes; nothing changes but the case, which waits for another one.
create or replace function private.propose_decision(
  p_conflict registry.conflicts, p_decision registry.decision, p_note text, p_member_id uuid default null
)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts := p_conflict;
begin
  c.proposal.decision := p_decision;
  c.proposal.by := private.actor();
  c.proposal.at := clock_timestamp();
  c.proposal.note := p_note;
  c.proposal.version := c.version + 1;
  c.proposal.member_id := p_member_id;
  c.proposal.evidence := private.digest_evidence(c.id, p_member_id);
  update registry.conflicts set state = 'proposed', proposal = c.proposal, version = version + 1
  where id = c.id
  returning * into c;
  perform private.keep_assignment(c.id);
  perform private.record_proposal_event('decision_proposed', c, format('A coordinator proposed a decision; another is to approve it: %s.',
    replace(p_decision::text, '_', ' ')));
  return private.describe_case(c);
end
$$;
comment on function private.propose_decision is 'In: a locked open case, the decision, the note, for link_login the member. Out: the case, for the caller.';
-- end db/functions/approval/private.propose_decision.sql

-- begin db/functions/matching/private.link_login.sql
-- Whose login was it? The coordinator knows; open cases about that login are settled by it.
create or replace function private.link_login(p_observation_id uuid, p_member_id uuid, p_note text, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations;
  m registry.members;
  c registry.conflicts;
  v_refusal text;
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
    when p_expected_version is not null and p_expected_version <> all (
      array(select known.version from private.open_cases_of_login(o) as known)) then 'stale_version'
    when m.erasure_id is not null or o.erased_at is not null then 'member_erased'
    when m.merged_into is not null then 'member_merged'
    else private.why_not_note(p_note)
  end;
  if v_refusal is not null then
    return private.refuse('link_login', v_refusal, p_observation_id);
  elsif private.needs_approval(o.organization_id, 'link_login', null) then
    c := private.case_of_login(o, m.id);
    if c.state = 'proposed' then
      return private.refuse('link_login', 'awaits_approval', p_observation_id);
    end if;
    return jsonb_build_object('observation_id', o.id, 'member_id', m.id, 'linked', false)
      || private.propose_decision(c, 'link_login', p_note, m.id);
  end if;
  -- Also a login that nobody was told of becomes a case, so that the decision can be looked up, and undone.
  perform private.open_case_of_login('ambiguous', o, p_candidates => array[m.id]) where o.outcome = 'unlinked';
  return jsonb_build_object('observation_id', o.id, 'member_id', m.id, 'linked', true,
    'conflict_id', private.carry_out_link(o, m.id, p_note));
end
$$;
comment on function private.link_login is 'See api.link_login.';
grant execute on function private.link_login to authenticated;
-- end db/functions/matching/private.link_login.sql

-- begin db/functions/matching/api.link_login.sql
-- A coordinator says whose login it is. What a login brought never changes; a case about it does.
create or replace function api.link_login(observation_id uuid, member_id uuid, note text default null, expected_version integer default null)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.link_login(link_login.observation_id, link_login.member_id, link_login.note, link_login.expected_version);
end;
comment on function api.link_login is 'In: a login that matched nobody with certainty (api.unlinked_logins), the member it belongs to, a note, the version of the open case about that login as the coordinator saw it (null: it was not decided on the page of a case). Out: the link, or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.link_login to authenticated;
-- end db/functions/matching/api.link_login.sql

-- begin db/functions/members/api.members.sql
-- The records of the coordinator's organisations, as far as a person needs them to tell members apart.
-- The organisation is looked up row by row ("offset 0"): joined, all members would be put in order before the first page is there.
create or replace view api.members with (security_invoker = true) as
select
  m.id, g.slug as organization, m.external_id, m.given_name, m.family_name, m.birth_date, m.email, m.phone,
  m.personnummer_masked, m.personnummer_source, m.personnummer_at, m.merged_into, m.version, m.created_at, m.updated_at, m.erasure_id
from registry.members as m
cross join lateral (select r.slug from registry.organizations as r where r.id = m.organization_id offset 0) as g
where m.erased_at is null;
comment on view api.members is 'Member records of the coordinator''s organisations, but those that were erased (api.erasures). Numbers are masked. api.find_members searches them.';
comment on column api.members.id is 'The member; api.link_login takes it.';
comment on column api.members.organization is 'Whose member (slug).';
comment on column api.members.external_id is 'The member''s number in the member system.';
comment on column api.members.given_name is 'Given name.';
comment on column api.members.family_name is 'Family name.';
comment on column api.members.birth_date is 'Birth date.';
comment on column api.members.email is 'E-mail address.';
comment on column api.members.phone is 'Phone, E.164.';
comment on column api.members.personnummer_masked is 'The recorded number, masked; null: none.';
comment on column api.members.personnummer_source is 'What brought the number.';
comment on column api.members.personnummer_at is 'When it was recorded.';
comment on column api.members.merged_into is 'The record that this one was merged into.';
comment on column api.members.version is 'Rises with every change of the record.';
comment on column api.members.created_at is 'When the record was made here.';
comment on column api.members.updated_at is 'When it was last changed.';
comment on column api.members.erasure_id is 'The person is about to be erased (api.erasures).';
grant select on api.members to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.members
for each row execute function private.tg__refuse_write();
-- end db/functions/members/api.members.sql

-- begin db/functions/erasure/private.names_person.sql
-- The reason for an erasure is kept when everything else is gone, so it must not say who it was. Many short words are names too (Bo, Li, Øy): one of
-- two letters counts where it is written with a capital letter, so does one of a single letter that is all of a given or a family name (not the
-- M. of a middle name), unless it begins the text and is a word (I, Å); and any where the whole name is there.
create or replace function private.names_person(p_text text, m registry.members)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    exists (
      select from unnest(private.search_words(concat_ws(' ', m.given_name, m.family_name))) as w(word)
      where length(w.word) > 2 and w.word = any (private.search_words(p_text))
        or length(w.word) = 2 and exists (
          select from regexp_split_to_table(p_text, '[[:space:][:punct:]]+') as t(said)
          where private.search_words(t.said) = array[w.word] and left(t.said, 1) !~ '[a-zæøåäöüéèêáàâóòô]'))
    or exists (
      select from unnest(array[m.given_name, m.family_name]) as n(name)
      join regexp_split_to_table(p_text, '[[:space:][:punct:]]+') with ordinality as t(said, place)
        on private.search_words(t.said) = private.search_words(n.name) and left(t.said, 1) !~ '[a-zæøåäöüéèêáàâóòô]'
          and (t.place > 1 or t.said not in ('A', 'I', 'Å'))
      where cardinality(private.search_words(n.name)) = 1 and length((private.search_words(n.name))[1]) = 1)
    or cardinality(private.search_words(concat_ws(' ', m.given_name, m.family_name))) > 1
      and private.search_words(concat_ws(' ', m.given_name, m.family_name)) <@ private.search_words(p_text)
    or length(m.external_id) > 2 and position(m.external_id in p_text) > 0
    or position(lower(m.email) in lower(p_text)) > 0
    or position(right(m.phone, 8) in regexp_replace(p_text, '[^0-9]', '', 'g')) > 0
    or private.read_birth_date(p_text) = m.birth_date, false)
$$;
comment on function private.names_person is 'In: a text, a member. Out: whether it has a word of the names (a short one as it is written), the member number, the e-mail address, the phone or the birth date.';
-- end db/functions/erasure/private.names_person.sql

-- begin db/functions/erasure/private.why_not_reason.sql
-- The reason for an erasure: something, with nothing in it that tells who.
create or replace function private.why_not_reason(p_member_id uuid, p_reason text)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when private.says_nothing(p_reason) then 'text_missing'
    when private.why_not_note(p_reason) is not null then private.why_not_note(p_reason)
    when exists (
      select from registry.members as m where m.id = any (private.family_of(p_member_id)) and private.names_person(p_reason, m))
      then 'person_in_reason'
  end
$$;
comment on function private.why_not_reason is 'In: a member, the reason to erase the person. Out: code of the refusal, null: go ahead.';
-- end db/functions/erasure/private.why_not_reason.sql

-- begin db/functions/erasure/private.erase_member.sql
-- A coordinator erases a person: announced at once, or, where the organisation wants two pairs of eyes, a case that another coordinator approves.
create or replace function private.erase_member(p_member_id uuid, p_reason text, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  m registry.members;
  c registry.conflicts;
  v_refusal text;
begin
  select known.* into m from registry.members as known
  where known.id = p_member_id and known.organization_id = any (private.coordinator_organizations());
  perform private.lock_family(m.id) where m.id is not null;
  select known.* into m from registry.members as known where known.id = m.id;
  v_refusal := case
    when m.id is null then 'not_found'
    when m.erasure_id is not null then 'member_erased'
    when p_expected_version is distinct from m.version then 'stale_version'
    else private.why_not_reason(m.id, p_reason)
  end;
  if v_refusal is not null then
    return private.refuse('erase_member', v_refusal, p_member_id);
  elsif not private.needs_approval(m.organization_id, 'erase_member', null) then
    return jsonb_build_object('member_id', m.id, 'state', 'announced',
      'erasure_id', private.announce_erasure(m.id, p_reason, 'coordinator', private.actor()));
  end if;
  c.organization_id := m.organization_id;
  c.kind := 'erasure';
  c.member_id := m.id;
  c.fingerprint := 'erasure ' || m.id;
  c := private.open_case(c);
  if c.state = 'proposed' then
    return private.refuse('erase_member', 'awaits_approval', p_member_id);
  end if;
  return jsonb_build_object('member_id', m.id, 'erasure_id', null) || private.propose_decision(c, 'erase_member', p_reason);
end
$$;
comment on function private.erase_member is 'See api.erase_member.';
grant execute on function private.erase_member to authenticated;
-- end db/functions/erasure/private.erase_member.sql

-- begin db/functions/erasure/api.erase_member.sql
-- A person wants to be forgotten, and has no duty to be kept.
create or replace function api.erase_member(member_id uuid, reason text, expected_version integer)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.erase_member(erase_member.member_id, erase_member.reason, erase_member.expected_version);
end;
comment on function api.erase_member is 'In: a member of api.members, why, in words that do not tell who, the version that was seen. Out: {"member_id", "erasure_id", "state": "announced"}: the worker erases the person, and every record merged with this one, within seconds (api.erasures); or the proposed case, where a second coordinator must approve; or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.erase_member to authenticated;
-- end db/functions/erasure/api.erase_member.sql

set local role billing_owner;
-- begin db/functions/billing/billing.export_invoices.sql
-- The right of access: a person's invoices, for whoever asks what is stored about them. The only way by which anything of an invoice is read
-- with the rights of registry, and it ends in the export.
create or replace function billing.export_invoices(p_organization_id uuid, p_member_ids uuid[])
returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_agg(jsonb_strip_nulls(to_jsonb(i)) order by i.created_at, i.id)
  from billing.invoices as i where i.organization_id = p_organization_id and i.member_id = any (p_member_ids)
$$;
comment on function billing.export_invoices is 'In: an organisation, the records of a person. Out: their invoices, as rows; null: none.';
grant execute on function billing.export_invoices to registry_owner;
-- end db/functions/billing/billing.export_invoices.sql

set local role registry_owner;
-- begin db/functions/erasure/private.find_person.sql
-- Everything by which rows of a person are found (private.personal_data), asked for once. A login belongs to the person where it is or was linked to
-- a record of theirs, where it has the number of one and is nobody else's, or where a case about these records alone came of it. What belongs to
-- another member by now is that member's.
create or replace function private.find_person(p_organization_id uuid, p_member_ids uuid[])
returns private.person
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  p private.person;
  v_named uuid[]; -- cases
begin
  p.organization_id := p_organization_id;
  p.member_ids := p_member_ids;
  select array_remove(array_agg(m.external_id), null), array_agg(m.user_id) into p.external_ids, p.user_ids
  from registry.members as m where m.id = any (p.member_ids);
  p.session_ids := array(
    select s.id from registry.sessions as s where s.organization_id = p.organization_id and s.member_id = any (p.member_ids));
  v_named := array(
    select c.id from registry.conflicts as c where c.organization_id = p.organization_id and c.member_id = any (p.member_ids)
    union
    select c.id from registry.conflicts as c where c.organization_id = p.organization_id and c.other_member_id = any (p.member_ids)
    union -- as the two indexes have them
    select c.id from registry.conflicts as c where c.candidates && p.member_ids and c.closed_at is null
    union
    select c.id from registry.conflicts as c where c.candidates && p.member_ids and c.closed_at is not null and c.candidates <> '{}');
  p.observation_ids := array(
    select o.id from registry.observations as o where o.organization_id = p.organization_id and o.member_id = any (p.member_ids)
    union
    select o.id from registry.observations as o where o.organization_id = p.organization_id and o.requested_member_id = any (p.member_ids)
    union
    select k.observation_id from registry.link_proposals as k where k.session_id = any (p.session_ids));
  p.logins := array(
    select row(l.issuer, l.subject)::registry.login_key from registry.identity_links as l
    where l.organization_id = p.organization_id and l.member_id = any (p.member_ids)
    union
    select row(o.issuer, o.subject)::registry.login_key from registry.observations as o
    where o.id = any (p.observation_ids) and o.subject is not null and not exists (
      select from registry.identity_links as l
      where l.organization_id = o.organization_id and l.issuer = o.issuer and l.subject = o.subject and l.member_id <> all (p.member_ids)));
  p.numbers := array(
    select n.index from (
      select m.personnummer_index from registry.members as m where m.id = any (p.member_ids)
      union
      select unnest(o.personnummer_index || o.personnummer_index_previous) from registry.observations as o where o.id = any (p.observation_ids)
    ) as n(index)
    where n.index is not null and not exists (
      select from registry.members as other
      where other.organization_id = p.organization_id and other.personnummer_index = n.index and other.id <> all (p.member_ids)));
  p.observation_ids := p.observation_ids || array(
    select o.id from unnest(p.logins) as l
    join registry.observations as o on o.organization_id = p.organization_id and o.issuer = l.issuer and o.subject = l.subject and o.member_id is null
    union
    select o.id from registry.observations as o
    where o.organization_id = p.organization_id and o.personnummer_index = any (p.numbers) and o.member_id is null
    union
    select c.observation_id from registry.conflicts as c join registry.observations as o on o.id = c.observation_id
    where c.id = any (v_named) and o.member_id is null
      and array_remove(c.candidates || array[c.member_id, c.other_member_id], null) <@ p.member_ids
      and not exists (
        select from registry.identity_links as l
        where l.organization_id = o.organization_id and l.issuer = o.issuer and l.subject = o.subject and l.member_id <> all (p.member_ids))
    except
    select unnest(p.observation_ids));
  p.push_ids := array(
    select u.id from sync.pushes as u where u.organization_id = p.organization_id and u.member_id = any (p.member_ids));
  p.conflict_ids := array(
    select unnest(v_named)
    union
    select c.id from registry.conflicts as c where c.observation_id = any (p.observation_ids)
    union
    select c.id from registry.conflicts as c
    where c.organization_id = p.organization_id and c.state = 'proposed' and (c.proposal).member_id = any (p.member_ids)
    union
    select r.conflict_id from registry.resolutions as r
    where (r.before).link_after = any (p.member_ids) or (r.before).link_before = any (p.member_ids));
  return p;
end
$$;
comment on function private.find_person is 'In: an organisation, all records of a person (private.family_of), or of several persons. Out: everything by which their rows are found.';
-- end db/functions/erasure/private.find_person.sql

set local role audit_owner;
-- begin db/functions/audit/audit.stays_whole.sql
-- By what these events say the audit itself is verified: which events were redacted, which restore was accepted, which row of audit.erasures is
-- the one that was written. They name nobody, so they are never redacted, whoever asks.
create or replace function audit.stays_whole(event text)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select stays_whole.event in ('events_redacted', 'restore_accepted', 'member_erased')
$$;
comment on function audit.stays_whole is 'In: the name of an event. Out: whether its sentence and details are never taken out.';
grant execute on function audit.stays_whole to registry_owner;
-- end db/functions/audit/audit.stays_whole.sql

set local role registry_owner;
-- begin db/functions/erasure/private.personal_data.sql
-- The one place that says what is personal data of a member, and what becomes of it. Erasing is checked by it (private.remains_of), an export is
-- made by it, and a test holds it to the tables: a column that is added and stands in no line here fails. Erased: gone with the person. Kept: about
-- the person, but it tells nobody who; or kept for a reason that is given. Not personal: about the organisation, its coordinators, or the machinery.
-- found_by is a predicate over a row t of the table and a private.person p; gone, over the same row, is true when nothing of the person is left in
-- the column. A row that is deleted is no longer found at all.
create or replace view private.personal_data with (security_invoker = true) as
select
  split_part(line.place, '.', 1) as schema_name, split_part(line.place, '.', 2) as table_name, c.column_name, line.class, line.found_by,
  case when line.class = 'erased' then replace(coalesce(line.gone, 't.COLUMN is null'), 'COLUMN', c.column_name) end as gone, line.why
from (values
  -- The record.
  ('registry.members', 'erased', 't.id = any (p.member_ids)', null,
    'given_name family_name birth_date email phone personnummer_index personnummer_sealed personnummer_masked personnummer_source personnummer_at',
    'Who the member is.'),
  ('registry.members', 'erased', 't.user_id = any (p.user_ids)', 'false', 'user_id', 'Subject of the app''s tokens; another takes its place.'),
  ('registry.members', 'kept', 't.id = any (p.member_ids)', null, 'external_id',
    'Until the member system has removed the number: then it goes too.'),
  ('registry.members', 'kept', 't.id = any (p.member_ids)', null,
    'id organization_id merged_into erasure_id erased_at version created_at updated_at',
    'A mark that logins, cases and pushes refer to. Random ids and times.'),
  ('registry.member_search', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', 'false',
    'organization_id member_id names birth_date', 'What members are searched by.'),
  -- Logins.
  ('registry.identity_links', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', 'false',
    'id organization_id issuer subject member_id provider match_rule explanation revoked_at created_at', 'Which account is the member''s.'),
  ('registry.excluded_links', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', 'false',
    'organization_id issuer subject member_id created_at', 'Which account is not.'),
  ('registry.observations', 'erased', 't.id = any (p.observation_ids)', null,
    'subject acr personnummer_index personnummer_sealed personnummer_masked given_name family_name birth_date phone email',
    'What the provider said of the person.'),
  ('registry.observations', 'erased', 't.id = any (p.observation_ids)', null, 'traceparent', 'Which trace of the programs'' work was this login''s.'),
  ('registry.observations', 'erased', 't.id = any (p.observation_ids)', 't.COLUMN = ''{}''', 'personnummer_index_previous explanation',
    'The number under older keys; what agreed with the record.'),
  ('registry.observations', 'kept', 't.id = any (p.observation_ids)', null,
    'id organization_id provider source issuer authenticated_at issued_at received_at outcome absent_reason inconsistency deferred_sqlstate '
    'settled_at member_id requested_member_id told phone_verified email_verified contact_erased_at number_erased_at erased_at',
    'That somebody logged in, when, and what came of it: it is counted.'),
  ('registry.sessions', 'erased', 't.id = any (p.session_ids)', 'false',
    'id organization_id audience member_id observation_id coordinator_id return_to client_id scope nonce code_hash code_challenge code_expires_at '
    'code_used_at opened_at expires_at ended_at end_reason', 'The member''s sessions.'),
  ('registry.refresh_tokens', 'erased', 't.session_id = any (p.session_ids)', 'false',
    'token_hash session_id issued_at replaced_at successor_salt', 'Their tokens.'),
  ('registry.link_proposals', 'erased', 't.observation_id = any (p.observation_ids)', 'false',
    'observation_id organization_id session_id proposed_at return_to code_hash code_challenge client_id scope nonce code_expires_at',
    'Logins that the member asked to have linked.'),
  ('registry.consents', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', 'false',
    'id organization_id member_id provider state observation_id scope evidence answered_at withdrawn_at', 'What the member consented to.'),
  ('registry.revocations', 'erased',
    't.organization_id = p.organization_id and t.subject = any (array(select l.subject from unnest(p.logins) as l))', 'false',
    'organization_id provider subject event issued_at received_at late by_member', 'What the member withdrew, or a provider said so.'),
  -- Cases.
  ('registry.conflicts', 'erased', 't.id = any (p.conflict_ids)', null, 'personnummer_index number_seen_at note',
    'The number in question; what coordinators wrote.'),
  ('registry.conflicts', 'erased', 't.id = any (p.conflict_ids)', 't.COLUMN = ''{}''', 'personnummer_index_previous', 'The same under older keys.'),
  ('registry.conflicts', 'erased', 't.id = any (p.conflict_ids)', 't.COLUMN = ''erased '' || t.id', 'fingerprint', 'It names the account.'),
  ('registry.conflicts', 'erased', 't.id = any (p.conflict_ids)', 't.COLUMN - ''import_run_id'' = ''{}''', 'detail', 'What agreed and disagreed.'),
  ('registry.conflicts', 'erased', 't.id = any (p.conflict_ids)', '(t.COLUMN).note is null', 'proposal', 'Its note. Who proposed what is kept.'),
  ('registry.conflicts', 'kept', 't.id = any (p.conflict_ids)', null,
    'id organization_id kind kind_name class state member_id other_member_id candidates observation_id push_id seen last_seen_at version opened_at '
    'closed_at decision decided_by superseded_by assigned_to assigned_until postponed_until erased_at',
    'That there was a case, and how it was settled, by which coordinator: it is counted.'),
  ('registry.conflict_comments', 'erased', 't.organization_id = p.organization_id and t.conflict_id = any (p.conflict_ids)', 'false',
    'id organization_id conflict_id written_at user_id text', 'What coordinators told each other.'),
  ('registry.resolutions', 'erased', 't.conflict_id = any (p.conflict_ids)', null, 'note before undo_note',
    'What coordinators wrote, and what a decision replaced.'),
  ('registry.resolutions', 'kept', 't.conflict_id = any (p.conflict_ids)', null,
    'id organization_id conflict_id decision decided_by proposed_by decided_at undone_at undone_by', 'Which decisions were made: they are counted.'),
  ('registry.offered_numbers', 'erased', 't.conflict_id = any (p.conflict_ids)', 'false',
    'conflict_id personnummer_index personnummer_index_previous personnummer_sealed personnummer_masked', 'Numbers that an import brought.'),
  -- Imports.
  ('registry.import_lines', 'erased', 't.external_id = any (p.external_ids) and t.run_id in (
      select r.id from registry.import_runs as r where r.organization_id = p.organization_id)', 'false',
    'run_id external_id personnummer_index rejected', 'What a running import has read.'),
  ('registry.waiting_numbers', 'erased', 't.external_id = any (p.external_ids) and t.run_id in (
      select r.id from registry.import_runs as r where r.organization_id = p.organization_id)', 'false',
    'run_id line external_id personnummer_index personnummer_index_previous personnummer_sealed personnummer_masked counted_unchanged nth step '
    'member_id holder_id moving', 'Numbers that wait for the end of a file.'),
  ('registry.import_runs', 'not personal', null, null,
    'id organization_id fingerprint columns dry_run readmit state records_done added updated unchanged duplicates conflicts rejected looks '
    'started_at accepted_at ended_at', 'Counts of a file, and a digest of it.'),
  ('registry.import_rejections', 'not personal', null, null, 'run_id line reasons', 'Lines of a file, and codes.'),
  -- Grant reports.
  ('reporting.residences', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', 'false',
    'organization_id member_id known_from municipality municipality_year municipality_written address postal_code chapter',
    'Where the member lives, and lived.'),
  ('reporting.memberships', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', 'false',
    'id organization_id member_id since until', 'From when until when.'),
  ('reporting.dues', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', 'false',
    'organization_id member_id year paid_on amount', 'What the member paid.'),
  ('reporting.snapshot_persons', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', null,
    'name address postal_code municipality county chapter birth_year paid_on amount probable_group', 'Who stands on the auditor''s list.'),
  ('reporting.snapshot_persons', 'kept', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', null,
    'snapshot_id organization_id nth member_id reason verified place_problem erased_at', 'That somebody was counted, or why not: figures stay.'),
  ('reporting.snapshots', 'not personal', null, null,
    'id organization_id base_year rule_code rule counted_on state version corrects made_at made_by imported_at counting_digest records counted '
    'verified counties municipalities probable_duplicates open_cases meets digest proposed_by frozen_by frozen_at conflict_id '
    'division organization_name started_at failed_at failure',
    'Figures, and which coordinators froze them.'),
  ('reporting.snapshot_figures', 'not personal', null, null, 'snapshot_id organization_id dimension key name counted verified',
    'Figures. Small ones may point at somebody, so they are for the organisation only.'),
  ('reporting.grant_rules', 'not personal', null, null,
    'code title level document counted_month counted_day min_age max_age min_fee paid_within_days application_after grant_after counties '
    'municipalities area_year required_members required_municipalities required_counties one_suffices', 'Rules.'),
  ('reporting.divisions', 'not personal', null, null, 'year source', 'Public.'),
  ('reporting.counties', 'not personal', null, null, 'code name first_year last_year', 'Public.'),
  ('reporting.municipalities', 'not personal', null, null, 'code name first_year last_year', 'Public.'),
  ('reporting.municipality_changes', 'not personal', null, null, 'year old_code new_code', 'Public.'),
  -- What goes to the member system.
  ('sync.pushes', 'erased', 't.organization_id = p.organization_id and t.id = any (p.push_ids)', null, 'personnummer_index receiver_sealed',
    'The number that was to be carried.'),
  ('sync.pushes', 'kept', 't.organization_id = p.organization_id and t.id = any (p.push_ids)', null,
    'id organization_id member_id observation_id state attempts next_attempt_at fencing_token lease_expires_at leased_by slot accepted_until '
    'status_url file_id error_code http_status created_at settled_at consent_withdrawn_at decided waits_for_conflict_id number_erased_at removal',
    'That something was sent, when, and how it ended: it is counted.'),
  ('sync.push_attempts', 'kept', 't.push_id = any (p.push_ids)', null,
    'id push_id organization_id attempt worker_id result http_status error_code duration_ms finished_at', 'Times and codes of attempts.'),
  ('sync.files', 'kept',
    't.organization_id = p.organization_id and t.id in (select u.file_id from sync.pushes as u where u.id = any (p.push_ids))', null,
    'id organization_id state pushes content leased_by lease_expires_at accept_until created_at ready_at acknowledged_at acknowledged_by fetched_at '
    'error_code', 'A file that somebody has fetched, sealed for the member system, stays until it is acknowledged or its time is over.'),
  ('sync.member_systems', 'not personal', null, null,
    'id organization_id kind method url_template body_template auth username secret_env token_url client_id token_endpoint_auth_method scope '
    'timeout_ms rate_per_second concurrency accept_within receiver_key file_every read_url_template read_pointer created_at', 'Settings.'),
  ('sync.breakers', 'not personal', null, null,
    'organization_id state failures openings error_code http_status opened_at probe_at probe_push_id changed_at', 'How the member system does.'),
  ('sync.rates', 'not personal', null, null, 'organization_id free_at', 'The same.'),
  ('sync.workers', 'not personal', null, null, 'pool_id started_at seen_at', 'Processes.'),
  -- Invoices.
  ('billing.invoices', 'kept', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', null,
    'id organization_id issuer_id member_id invoice_number amount_ore due_date kid document_reference description state attempts next_attempt_at '
    'fencing_token lease_expires_at leased_by slot look_ups look_ups_on looked_up_by error_code http_status created_at settled_at cancelled_by '
    'cancel_reason', 'Bookkeeping material, which the law keeps for five years. What waits is cancelled.'),
  ('billing.issuers', 'not personal', null, null,
    'id organization_id organization_number account_number interface base_url access_token_url client_id client_secret_env subscription_key_env '
    'authorization_scheme token_place token_name issue_path timeout_ms concurrency look_ups_a_day created_at', 'Settings.'),
  ('billing.breakers', 'not personal', null, null,
    'organization_id state failures openings error_code http_status opened_at probe_at probe_invoice_id changed_at', 'How the invoice service does.'),
  -- The audit.
  ('audit.events', 'erased', '(t.member_id = any (p.member_ids) or t.observation_id = any (p.observation_ids)
      or t.conflict_id = any (p.conflict_ids) or t.push_id = any (p.push_ids))',
    't.redacted_at is not null or t.transaction_id = pg_current_xact_id() or audit.stays_whole(t.event)', 'message detail',
    'What happened, in words and as data. What erasing itself writes names nobody.'),
  ('audit.events', 'kept', '(t.member_id = any (p.member_ids) or t.observation_id = any (p.observation_ids)
      or t.conflict_id = any (p.conflict_ids) or t.push_id = any (p.push_ids))', null,
    'id occurred_at organization_id event source actor member_id observation_id conflict_id push_id transaction_id epoch redacted_at',
    'That it happened, when, and by whom: random ids.'),
  ('registry.repeated_events', 'erased',
    '(t.member_id = any (p.member_ids) or t.conflict_id = any (p.conflict_ids) or t.push_id = any (p.push_ids))', 'false',
    'kind hour times event source actor organization_id member_id conflict_id push_id message detail', 'What is counted to be said in the audit.'),
  ('audit.salts', 'kept', 't.event_id in (select e.id from audit.events as e where e.member_id = any (p.member_ids))', null, 'event_id salt',
    'Random. Those of redacted events are deleted with what the events said.'),
  ('audit.leaves', 'not personal', null, null, 'leaf_index event_id leaf_hash epoch transaction_id', 'Hashes that tell nothing without the salt.'),
  ('audit.nodes', 'not personal', null, null, 'level node_index node_hash', 'Hashes of hashes.'),
  ('audit.checkpoints', 'not personal', null, null, 'tree_size root_hash signed_note key_name sealed_at', 'Hashes of hashes, signed.'),
  ('audit.sealing_keys', 'not personal', null, null, 'verifier_key used_since', 'Public keys.'),
  ('audit.epochs', 'not personal', null, null, 'epoch began_at system_identifier reason tree_size lost_checkpoint', 'Of the database.'),
  ('audit.erasures', 'kept', 't.member_id = any (p.member_ids)', null,
    'id organization_id member_id state reason requested_by approved_by conflict_id announced_at recorded_at erased_at counts removal removed_at '
    'receipt_digest receipt_given_at receipt_given_to', 'That somebody was erased, so that it can be shown, and a restored backup be held to it.'),
  ('audit.erased_records', 'kept', 't.member_id = any (p.member_ids)', null, 'member_id organization_id erasure_id external_id_digest',
    'By which an import knows the member number again; it cannot be read from it.'),
  ('registry.erasure_receipts', 'kept', 't.erasure_id in (select r.erasure_id from audit.erased_records as r where r.member_id = any (p.member_ids))',
    null, 'erasure_id organization_id receipt made_at', 'The receipt, which names nobody, until it is fetched.'),
  -- Organisations, coordinators, apps.
  ('registry.organizations', 'not personal', null, null,
    'id slug name return_to capture_basis capture_necessity capture_decided_by capture_decided_at retention contact_retention '
    'audit_retention audit_redacted_until ask_again_after second_approval capture erasure_salt created_at', 'Of the organisation.'),
  ('registry.identity_providers', 'not personal', null, null,
    'id organization_id provider issuer client_id client_secret_env token_endpoint_auth_method scopes authorization_params '
    'id_token_signed_response_alg personnummer_from personnummer_claim consent_mode consent_scope personnummer_scope ask_number_when_missing '
    'lookup_client_id lookup_client_secret_env lookup_auth_method tokeninfo_endpoint minimum_acr required_amr enabled created_at', 'Settings.'),
  ('registry.oauth_clients', 'not personal', null, null, 'client_id organization_id audience redirect_uris name created_at', 'Apps.'),
  ('registry.coordinators', 'not personal', null, null,
    'user_id organization_id name email issuer subject invited_at language state created_at', 'Of coordinators, who are no members here.'),
  ('registry.consumed_transactions', 'not personal', null, null, 'transaction_id expires_at', 'Random ids, for minutes.'),
  ('registry.figures', 'not personal', null, null,
    'organization_id members with_number confirmed_last_12_months unlinked_logins pending_pushes failed_pushes counted_at counted_in', 'Counts.'),
  ('registry.monthly_figures', 'not personal', null, null,
    'organization_id month members_with_number filled confirmed conflict duplicate absent unlinked ambiguous name_mismatch cases_opened '
    'cases_settled deliveries_done deliveries_failed counted_at', 'Counts.')
) as line(place, class, found_by, gone, columns, why)
cross join lateral unnest(string_to_array(line.columns, ' ')) as c(column_name);
comment on view private.personal_data is 'What is personal data of a member, column by column, and what becomes of it when the person is erased.';
comment on column private.personal_data.schema_name is 'Schema of the table.';
comment on column private.personal_data.table_name is 'The table.';
comment on column private.personal_data.column_name is 'The column.';
comment on column private.personal_data.class is 'erased, kept or not personal.';
comment on column private.personal_data.found_by is 'Predicate that finds a person''s rows: over a row t of the table and p, a private.person. Null: none is about a person.';
comment on column private.personal_data.gone is 'Of erased columns: predicate over such a row that is true when nothing of the person is left in the column.';
comment on column private.personal_data.why is 'What it is, or why it is kept.';
-- end db/functions/erasure/private.personal_data.sql

-- begin db/functions/export/private.export_person.sql
-- The right of access: every row that is about a person, by the catalog of personal data (private.personal_data), under the name of its table. What
-- is left out is named: forms of the number and of tokens that are there so that nobody can read them (the number itself is given masked, or by
-- the command sealed for whoever asks), the receipt of an erasure, which is given out once, and tables that this function's owner may not read.
-- Of cases only those about the person: one in which the person is only the other member tells of that other.
create or replace function private.export_person(p private.person)
returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_hidden constant text := '(^|_)(index|index_previous|sealed|hash|salt|challenge)$|^(content|before|other_member_id|candidates|receipt)$';
  v_person private.person := p;
  v_table record;
  v_rows jsonb;
  v_tables jsonb := '{}'::jsonb;
  v_left_out jsonb := '{}'::jsonb;
begin
  v_person.conflict_ids := array(
    select c.id from registry.conflicts as c
    where c.id = any (p.conflict_ids) and (c.member_id = any (p.member_ids) or c.observation_id = any (p.observation_ids)));
  for v_table in
    select d.schema_name || '.' || d.table_name as name, format('%I.%I', d.schema_name, d.table_name)::regclass as id,
      string_agg(distinct '(' || d.found_by || ')', ' or ') as found_by,
      coalesce(array_agg(d.column_name) filter (where d.column_name ~ v_hidden), '{}') as hidden
    from private.personal_data as d
    where d.found_by is not null
    group by d.schema_name, d.table_name order by d.schema_name, d.table_name
  loop
    if v_table.name = 'billing.invoices' then
      -- Another owner's, who gives out a person's rows for this and for nothing else.
      v_rows := billing.export_invoices(p.organization_id, p.member_ids);
      v_tables := v_tables || case when v_rows is null then '{}' else jsonb_build_object(v_table.name, v_rows) end;
      continue;
    elsif not has_table_privilege(v_table.id, 'select') then
      v_left_out := v_left_out || jsonb_build_object(v_table.name, '*');
      continue;
    end if;
    execute format('select jsonb_agg(jsonb_strip_nulls(to_jsonb(t) - $2)) from %s as t, (select ($1).*) as p where %s',
      v_table.id, v_table.found_by) into v_rows using v_person, v_table.hidden;
    if v_rows is not null then
      v_tables := v_tables || jsonb_build_object(v_table.name, v_rows);
      if v_table.hidden <> '{}' then
        v_left_out := v_left_out || jsonb_build_object(v_table.name, v_table.hidden);
      end if;
    end if;
  end loop;
  return jsonb_build_object('exported_at', now(), 'tables', v_tables, 'left_out', v_left_out);
end
$$;
comment on function private.export_person is 'In: everything by which a person''s rows are found (private.find_person). Out: {"exported_at", "tables": {table: [rows]}, "left_out": {table: [columns], or * for the whole table}}. Numbers are masked.';
-- end db/functions/export/private.export_person.sql

-- begin db/functions/export/private.export_record.sql
-- Both ways to an export: it is written down that somebody took one, with what came out of how many rows, before the rows are handed out.
create or replace function private.export_record(m registry.members, p_source text)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p constant private.person := private.find_person(m.organization_id, private.family_of(m.id));
  v_export jsonb := private.export_person(p);
begin
  perform private.record_repeatable(concat_ws(' ', private.actor(), m.id), 'member_exported', p_source, m.organization_id,
    'Everything stored about the member was taken out.', p_member_id => m.id,
    p_detail => jsonb_build_object('records', cardinality(p.member_ids)));
  return jsonb_build_object('organization', (select g.slug from registry.organizations as g where g.id = m.organization_id),
    'member_id', m.id, 'member_external_id', m.external_id) || v_export;
end
$$;
comment on function private.export_record is 'In: a member, audit source. Out: everything stored about that person, all merged records included (private.export_person). Appends the audit event, or counts it.';
-- end db/functions/export/private.export_record.sql

-- begin db/functions/export/private.export_member.sql
-- A coordinator hands out what the organisation stores about one of its members.
create or replace function private.export_member(p_member_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  m registry.members;
begin
  select known.* into m from registry.members as known
  where known.id = p_member_id and known.organization_id = any (private.coordinator_organizations());
  if m.id is null then
    return private.refuse('export_member', 'not_found', p_member_id);
  end if;
  return private.export_record(m, 'coordinator');
end
$$;
comment on function private.export_member is 'See api.export_member.';
grant execute on function private.export_member to authenticated;
-- end db/functions/export/private.export_member.sql

-- begin db/functions/export/api.export_member.sql
-- A member asks the organisation: what do you have on me?
create or replace function api.export_member(member_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.export_member(export_member.member_id);
end;
comment on function api.export_member is 'In: a member. Out: everything stored about that person: {"organization", "member_id", "member_external_id", "exported_at", "tables": {table: [rows]}, "left_out": {table: [columns], or "*"}}; or a refusal with code and message (HTTP 404). Numbers are masked; npm run member:export can seal them for whoever asks. Look through it before it is handed out: coordinators'' notes may speak of others.';
grant execute on function api.export_member to authenticated;
-- end db/functions/export/api.export_member.sql

-- begin db/functions/files_and_worklist/private.lock_worklist_push.sql
-- A change of the worklist that the caller may see and that still waits, locked.
create or replace function private.lock_worklist_push(p_push_id uuid)
returns sync.pushes
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes;
begin
  select known.* into p from sync.pushes as known
  where known.id = p_push_id and known.organization_id = any (private.coordinator_organizations())
    and exists (select from sync.member_systems as s where s.organization_id = known.organization_id and s.kind = 'worklist')
  for update;
  return p;
end
$$;
comment on function private.lock_worklist_push is 'In: a push. Out: the push, locked; null when the caller may not see it or it is no change of a worklist.';
-- end db/functions/files_and_worklist/private.lock_worklist_push.sql

-- begin db/functions/pushes/private.push_standing.sql
-- Two questions that are asked of a push by several functions, written down once. A push carries one value: when the record holds another by
-- now, or none, a later push carries that one; and a record that was merged into another has nothing more to
-- say, but that an erased one's number is to be removed. And one after the other:
-- an older value must never arrive after a newer one. A view, because PostgreSQL plans it together with whoever asks.
create or replace view private.push_standing with (security_invoker = true) as
select
  p.id,
  m.merged_into is not null and m.erased_at is null or m.personnummer_index is distinct from p.personnummer_index
  or exists (
    select from sync.pushes as newer where newer.member_id = p.member_id and newer.state = 'pending' and newer.id <> p.id) as is_obsolete,
  exists (
    select from sync.pushes as other
    where other.organization_id = p.organization_id and other.member_id = p.member_id and other.id <> p.id
      and other.state = 'sending' and other.lease_expires_at > clock_timestamp()) as member_is_busy
from sync.pushes as p
join registry.members as m on m.id = p.member_id;
comment on view private.push_standing is 'Of each push, whether the record has moved on, and whether another push of its member is being sent.';
comment on column private.push_standing.id is 'The push.';
comment on column private.push_standing.is_obsolete is 'The record has moved on: nothing is left to carry.';
comment on column private.push_standing.member_is_busy is 'Another push of the member is being sent.';
-- end db/functions/pushes/private.push_standing.sql

-- begin db/functions/pushes/private.push_is_obsolete.sql
-- For one push, what private.push_standing says.
create or replace function private.push_is_obsolete(p_push_id uuid)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select s.is_obsolete from private.push_standing as s where s.id = p_push_id);
end
$$;
comment on function private.push_is_obsolete is 'In: a push. Out: whether the record has moved on.';
-- end db/functions/pushes/private.push_is_obsolete.sql

-- begin db/functions/files_and_worklist/private.mark_done.sql
-- The person's word is the delivery, and counts as its attempt. When the record has changed since the number was fetched, a later
-- change stands on the list.
create or replace function private.mark_done(p_push_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes := private.lock_worklist_push(p_push_id);
begin
  if p.id is null then
    return private.refuse('mark_done', 'not_found', p_push_id);
  elsif p.waits_for_conflict_id is not null then
    return private.refuse('mark_done', 'disputed', p_push_id);
  elsif p.state <> 'pending' or private.push_is_obsolete(p.id) then
    return private.refuse('mark_done', 'not_waiting', p_push_id);
  end if;
  update sync.pushes set attempts = attempts + 1, leased_by = private.actor() where id = p.id returning * into p;
  insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, duration_ms)
  values (p.id, p.organization_id, p.attempts, p.leased_by, 'delivered', 0);
  p.error_code := null;
  perform private.settle_push(p, 'delivered', 'push_marked_done', 'A coordinator typed the change into the member system.');
  return jsonb_build_object('push_id', p.id, 'state', 'delivered');
end
$$;
comment on function private.mark_done is 'See api.mark_done.';
grant execute on function private.mark_done to authenticated;
-- end db/functions/files_and_worklist/private.mark_done.sql

-- begin db/functions/files_and_worklist/api.mark_done.sql
-- A person has typed a change into the member system.
create or replace function api.mark_done(push_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.mark_done(mark_done.push_id);
end;
comment on function api.mark_done is 'In: a change of api.worklist. Out: the delivered push, or a refusal with code and message (HTTP 404, 409: it was done already, or the record has changed since).';
grant execute on function api.mark_done to authenticated;
-- end db/functions/files_and_worklist/api.mark_done.sql

-- begin db/functions/files_and_worklist/api.worklist.sql
-- What a person has to type into a member system that has no interface, oldest first. The number itself is fetched for one
-- change at a time (api.fetch_number), sealed for the organisation's own key.
-- The organisation and the record are looked up row by row ("offset 0"): joined, everything would be put in order before the first page is there.
create or replace view api.worklist with (security_invoker = true) as
select
  p.id as push_id, g.slug as organization, p.member_id, m.external_id as member_external_id, m.given_name, m.family_name,
  case when m.personnummer_masked is null then 'remove' else 'set' end as change, m.personnummer_masked,
  p.accepted_until is not null and (s.receiver_key is not null or m.personnummer_masked is null) as ready, p.created_at as waiting_since,
  p.waits_for_conflict_id
from sync.pushes as p
cross join lateral (select r.slug from registry.organizations as r where r.id = p.organization_id offset 0) as g
cross join lateral (
  select r.external_id, r.given_name, r.family_name, r.personnummer_masked from registry.members as r where r.id = p.member_id offset 0
) as m
join sync.member_systems as s on s.organization_id = p.organization_id and s.kind = 'worklist'
where p.state in ('pending', 'sending');
comment on view api.worklist is 'Changes of the coordinator''s organisations that a person carries out: whether the number is to be set or removed, for whom, and whether it is ready to be fetched (a removal: to be carried out).';
comment on column api.worklist.push_id is 'The change; api.fetch_number and api.mark_done take it.';
comment on column api.worklist.organization is 'Whose member system (slug).';
comment on column api.worklist.member_id is 'The member concerned.';
comment on column api.worklist.member_external_id is 'The member''s number in the member system.';
comment on column api.worklist.given_name is 'Given name on the record.';
comment on column api.worklist.family_name is 'Family name on the record.';
comment on column api.worklist.change is 'set: type the number in; remove: take it away.';
comment on column api.worklist.personnummer_masked is 'The number to be set, masked; null: it is to be removed.';
comment on column api.worklist.ready is 'Whether the number can be fetched now, or the removal carried out.';
comment on column api.worklist.waiting_since is 'When the change was made.';
comment on column api.worklist.waits_for_conflict_id is 'The case that is to be settled before the change is carried out.';
grant select on api.worklist to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.worklist
for each row execute function private.tg__refuse_write();
-- end db/functions/files_and_worklist/api.worklist.sql

-- begin db/functions/files_and_worklist/private.fetch_number.sql
-- Seeing a number leaves a trace in the same transaction.
create or replace function private.fetch_number(p_push_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  p constant sync.pushes := private.lock_worklist_push(p_push_id);
begin
  if p.id is null then
    return private.refuse('fetch_number', 'not_found', p_push_id);
  elsif p.settled_at is not null then
    return private.refuse('fetch_number', 'not_waiting', p_push_id);
  elsif p.waits_for_conflict_id is not null then
    return private.refuse('fetch_number', 'disputed', p_push_id);
  elsif p.receiver_sealed is null or private.push_is_obsolete(p.id) then
    return private.refuse('fetch_number', 'not_sealed_yet', p_push_id);
  end if;
  perform private.record_repeatable(private.actor() || ' ' || p.id, 'number_fetched', 'coordinator', p.organization_id,
    'A coordinator fetched the sealed number to type it in.',
    p_member_id => p.member_id, p_push_id => p.id);
  return jsonb_build_object('push_id', p.id, 'sealed', p.receiver_sealed);
end
$$;
comment on function private.fetch_number is 'See api.fetch_number.';
grant execute on function private.fetch_number to authenticated;
-- end db/functions/files_and_worklist/private.fetch_number.sql

-- begin db/functions/files_and_worklist/api.fetch_number.sql
-- The number that a person is to type in, sealed for the organisation's own key: not even this database can read it.
create or replace function api.fetch_number(push_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.fetch_number(fetch_number.push_id);
end;
comment on function api.fetch_number is 'In: a change of api.worklist. Out: the number as a compact JWE for the organisation''s receiver_key, or a refusal with code and message (HTTP 404, 409). Every call is audited; after the fifth within an hour they are counted.';
grant execute on function api.fetch_number to authenticated;
-- end db/functions/files_and_worklist/api.fetch_number.sql

-- begin db/functions/reporting/api.grant_figures.sql
-- Figures of what was counted.
create or replace view api.grant_figures with (security_invoker = true) as
select f.snapshot_id, g.slug as organization, f.dimension, f.key, f.name, f.counted, f.verified
from reporting.snapshot_figures as f join registry.organizations as g on g.id = f.organization_id;
comment on view api.grant_figures is 'Figures of a snapshot by county, municipality, birth year, chapter, and by reason of those who do not count. Small ones are for the organisation only.';
comment on column api.grant_figures.snapshot_id is 'The snapshot.';
comment on column api.grant_figures.organization is 'Whose members (slug).';
comment on column api.grant_figures.dimension is 'What is told apart.';
comment on column api.grant_figures.key is 'Number of the place in the division of the base year, year, chapter or code; empty: not known.';
comment on column api.grant_figures.name is 'Name of the place in that year.';
comment on column api.grant_figures.counted is 'How many persons count; for a reason: how many records do not.';
comment on column api.grant_figures.verified is 'How many of them have a verified number.';
grant select on api.grant_figures to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.grant_figures
for each row execute function private.tg__refuse_write();
-- end db/functions/reporting/api.grant_figures.sql

-- begin db/functions/reporting/private.snapshot_rows.sql
-- The lists that are made of a snapshot. Who was erased is a row without a person.
create or replace function private.snapshot_rows(s reporting.snapshots, p_what text, p_after integer, p_most integer)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'nth', p.nth, 'name', p.name, 'address', nullif(concat_ws(', ', p.address, p.postal_code), ''),
    'municipality', p.municipality, 'municipality_name', private.place_name(p.municipality, s.base_year),
    'county', p.county, 'county_name', private.place_name(p.county, s.base_year), 'place_problem', p.place_problem, 'chapter', p.chapter,
    'birth_year', p.birth_year, 'paid_on', p.paid_on, 'amount', p.amount, 'verified', p.verified, 'reason', p.reason,
    'probable_group', p.probable_group, 'erased', p.erased_at is not null) order by p.nth), '[]')
  from (
    select k.* from reporting.snapshot_persons as k
    where k.snapshot_id = s.id and k.nth > p_after and case p_what
      when 'counted' then k.reason is null
      when 'not_counted' then k.reason is not null
      when 'duplicates' then k.probable_group is not null
      when 'places' then k.reason is null and k.place_problem is not null
    end
    order by k.nth limit p_most
  ) as p
$$;
comment on function private.snapshot_rows is 'In: a snapshot; counted, not_counted, duplicates or places; after which row; how many at most. Out: the rows as JSON, in their order.';
-- end db/functions/reporting/private.snapshot_rows.sql

-- begin db/functions/reporting/private.grant_list.sql
-- Persons: that they were taken out is written down, or counted.
create or replace function private.grant_list(p_snapshot_id uuid, p_what text, p_after integer, p_most integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s constant reporting.snapshots := private.snapshot_of_caller(p_snapshot_id);
  v_refusal constant text := case
    when s.id is null then 'not_found'
    when (p_what = any (array['counted', 'not_counted', 'duplicates', 'places']) and p_after >= 0 and p_most between 1 and 1000) is not true
      then 'list_unusable'
  end;
begin
  if v_refusal is not null then
    return private.refuse('grant_list', v_refusal, p_snapshot_id);
  end if;
  perform private.record_repeatable(concat_ws(' ', private.actor(), s.id, p_what), 'grant_list_taken', 'coordinator', s.organization_id,
    'A list of members was taken from what was counted for a grant.', p_detail => jsonb_build_object('snapshot_id', s.id, 'what', p_what));
  return jsonb_build_object('rows', private.snapshot_rows(s, p_what, p_after, p_most));
end
$$;
comment on function private.grant_list is 'See api.grant_list.';
grant execute on function private.grant_list to authenticated;
-- end db/functions/reporting/private.grant_list.sql

-- begin db/functions/reporting/api.grant_list.sql
-- The auditor's list, and the lists of those who do not count.
create or replace function api.grant_list(snapshot_id uuid, what text, after integer default 0, most integer default 500)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.grant_list(grant_list.snapshot_id, grant_list.what, grant_list.after, grant_list.most);
end;
comment on function api.grant_list is 'In: a snapshot; counted, not_counted, duplicates (probably one person) or places (municipality not known); the last row that is known; 1 to 1000. Out: {"rows": [...]}, without any personnummer; or a refusal with code and message (HTTP 404, 422).';
grant execute on function api.grant_list to authenticated;
-- end db/functions/reporting/api.grant_list.sql

-- begin db/functions/reporting/private.describe_snapshot.sql
-- A report as a whole: what was counted, by which rule and with which division, what it rests on. Equal for equal snapshots, whenever it
-- is asked for: so times are in UTC, and names are those of then.
create or replace function private.describe_snapshot(s reporting.snapshots)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
  select jsonb_build_object(
    'snapshot_id', s.id, 'organization', g.slug, 'organization_name', s.organization_name, 'base_year', s.base_year,
    'application_year', s.base_year + (s.rule ->> 'application_after')::integer, 'grant_year', s.base_year + (s.rule ->> 'grant_after')::integer,
    'rule', s.rule, 'counted_on', s.counted_on, 'state', s.state, 'version', s.version, 'corrects', s.corrects, 'made_at', s.made_at,
    'imported_at', s.imported_at, 'frozen_at', s.frozen_at, 'division', s.division,
    'counting_digest', s.counting_digest, 'records', s.records, 'counted', s.counted, 'verified', s.verified, 'counties', s.counties,
    'municipalities', s.municipalities, 'probable_duplicates', s.probable_duplicates, 'open_cases', s.open_cases, 'meets', s.meets,
    'digest', s.digest,
    'figures', (
      select jsonb_agg(jsonb_build_object('dimension', f.dimension, 'key', f.key,
        'name', f.name,
        'counted', f.counted, 'verified', f.verified) order by f.dimension, f.key collate "C")
      from reporting.snapshot_figures as f where f.snapshot_id = s.id))
  from registry.organizations as g where g.id = s.organization_id
$$;
comment on function private.describe_snapshot is 'In: a snapshot. Out: all of it but the persons, as JSON.';
-- end db/functions/reporting/private.describe_snapshot.sql

-- begin db/functions/reporting/private.grant_report.sql
-- No persons, so nothing is written down.
create or replace function private.grant_report(p_snapshot_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s constant reporting.snapshots := private.snapshot_of_caller(p_snapshot_id);
begin
  if s.id is null then
    return private.refuse('grant_report', 'not_found', p_snapshot_id);
  end if;
  return private.describe_snapshot(s);
end
$$;
comment on function private.grant_report is 'See api.grant_report.';
grant execute on function private.grant_report to authenticated;
-- end db/functions/reporting/private.grant_report.sql

-- begin db/functions/reporting/api.grant_report.sql
-- A snapshot as a whole, for whoever prints or compares it.
create or replace function api.grant_report(snapshot_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.grant_report(grant_report.snapshot_id);
end;
comment on function api.grant_report is 'In: a snapshot. Out: what was counted, rule, division, figures by county, municipality, birth year, chapter and reason, and the digest; or a refusal with code and message (HTTP 404). No persons.';
grant execute on function api.grant_report to authenticated;
-- end db/functions/reporting/api.grant_report.sql

-- begin db/functions/reporting/private.lock_counting.sql
-- An organisation counts once at a time, and no draft is proposed while another one may be taking its place.
create or replace function private.lock_counting(p_organization_id uuid, p_waits boolean)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key constant bigint := hashtextextended('grant snapshot ' || p_organization_id, 0);
begin
  if not p_waits then
    return pg_try_advisory_xact_lock(v_key);
  end if;
  perform pg_advisory_xact_lock(v_key);
  return true;
end
$$;
comment on function private.lock_counting is 'In: an organisation, whether to wait. Out: whether this transaction alone may count for it, or freeze, until it ends.';
-- end db/functions/reporting/private.lock_counting.sql

-- begin db/functions/reporting/private.propose_grant_freeze.sql
-- Freezing always takes two pairs of eyes: a case of which the second coordinator approves (private.approve).
create or replace function private.propose_grant_freeze(p_snapshot_id uuid, p_note text, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s constant reporting.snapshots := private.snapshot_of_caller(p_snapshot_id);
  c registry.conflicts;
  v_refusal text := case
    when s.id is null then 'not_found'
    when p_expected_version is distinct from s.version then 'stale_version'
    when s.state = 'frozen' then 'frozen_already'
    when s.state = 'failed' then 'count_failed'
    when s.state = 'asked' or exists (
      select from reporting.snapshots as other
      where other.organization_id = s.organization_id and other.base_year = s.base_year and other.rule_code = s.rule_code
        and other.state = 'asked') then 'is_being_counted'
    when private.why_not_note(p_note) is null and not private.lock_counting(s.organization_id, false) then 'is_being_counted'
    else private.why_not_note(p_note)
  end;
begin
  if v_refusal is null and (private.snapshot_of_caller(p_snapshot_id)).id is null then
    v_refusal := 'not_found'; -- another count has taken its place before this one held the lock
  end if;
  if v_refusal is null then
    c.organization_id := s.organization_id;
    c.kind := 'grant_snapshot';
    c.fingerprint := 'grant_snapshot ' || s.id;
    c.detail := jsonb_build_object('snapshot_id', s.id, 'base_year', s.base_year, 'rule', s.rule_code, 'counted', s.counted, 'digest', s.digest);
    c := private.open_case(c);
    c := private.lock_case(c.id);
    v_refusal := case when c.state = 'proposed' then 'awaits_approval' end;
  end if;
  if v_refusal is not null then
    return private.refuse('propose_grant_freeze', v_refusal, p_snapshot_id);
  end if;
  return private.propose_decision(c, 'freeze_snapshot', p_note);
end
$$;
comment on function private.propose_grant_freeze is 'See api.propose_grant_freeze.';
grant execute on function private.propose_grant_freeze to authenticated;
-- end db/functions/reporting/private.propose_grant_freeze.sql

-- begin db/functions/reporting/api.propose_grant_freeze.sql
-- A coordinator proposes to freeze; another one approves.
create or replace function api.propose_grant_freeze(snapshot_id uuid, note text, expected_version integer)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.propose_grant_freeze(propose_grant_freeze.snapshot_id, propose_grant_freeze.note, propose_grant_freeze.expected_version);
end;
comment on function api.propose_grant_freeze is 'In: a draft, a note (may be null), its version. Out: the case that waits for another coordinator (api.approve, api.decline, api.withdraw_proposal), or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.propose_grant_freeze to authenticated;
-- end db/functions/reporting/api.propose_grant_freeze.sql

-- begin db/functions/reporting/api.grant_snapshots.sql
-- What was counted for grants, drafts and frozen ones.
create or replace view api.grant_snapshots with (security_invoker = true) as
select
  s.id as snapshot_id, g.slug as organization, s.base_year, s.base_year + (s.rule ->> 'application_after')::integer as application_year,
  s.base_year + (s.rule ->> 'grant_after')::integer as grant_year, s.rule_code, s.rule ->> 'title' as rule_title, s.counted_on, s.state, s.version,
  s.corrects, s.made_at, s.started_at, s.failed_at, s.failure, s.imported_at,
  s.records, s.counted, s.verified, s.counties, s.municipalities, s.probable_duplicates, s.open_cases, s.meets,
  s.digest, s.frozen_at, coalesce(s.conflict_id, (
    select c.id from registry.conflicts as c
    where c.organization_id = s.organization_id and c.kind_name = 'grant_snapshot' and c.closed_at is null
      and c.detail ->> 'snapshot_id' = s.id::text)) as conflict_id
from reporting.snapshots as s join registry.organizations as g on g.id = s.organization_id;
comment on view api.grant_snapshots is 'What was counted for grants, one row a count. Figures: api.grant_figures.';
comment on column api.grant_snapshots.snapshot_id is 'Identifies the snapshot.';
comment on column api.grant_snapshots.organization is 'Whose members (slug).';
comment on column api.grant_snapshots.base_year is 'The year whose members and payments count.';
comment on column api.grant_snapshots.application_year is 'The year in which is applied.';
comment on column api.grant_snapshots.grant_year is 'The year that the grant is for.';
comment on column api.grant_snapshots.rule_code is 'The rule.';
comment on column api.grant_snapshots.rule_title is 'The rule, for people.';
comment on column api.grant_snapshots.counted_on is 'The day on which is counted.';
comment on column api.grant_snapshots.state is 'Asked for (a worker counts it), failed (ask again), draft or frozen.';
comment on column api.grant_snapshots.version is 'What api.propose_grant_freeze wants as expected_version.';
comment on column api.grant_snapshots.corrects is 'The frozen snapshot that this one corrects.';
comment on column api.grant_snapshots.made_at is 'When it was counted, or asked for.';
comment on column api.grant_snapshots.started_at is 'When the worker began to count; null: not yet, or the operator counted.';
comment on column api.grant_snapshots.failed_at is 'When the last attempt to count had failed.';
comment on column api.grant_snapshots.failure is 'Why, as a code (docs/error-codes.md).';
comment on column api.grant_snapshots.imported_at is 'End of the last import before.';
comment on column api.grant_snapshots.records is 'Member records that were looked at.';
comment on column api.grant_snapshots.counted is 'Persons who count.';
comment on column api.grant_snapshots.verified is 'How many of them have a verified number.';
comment on column api.grant_snapshots.counties is 'From how many counties.';
comment on column api.grant_snapshots.municipalities is 'From how many municipalities.';
comment on column api.grant_snapshots.probable_duplicates is 'Counted persons who are probably one with another.';
comment on column api.grant_snapshots.open_cases is 'Cases that were open then, by kind.';
comment on column api.grant_snapshots.meets is 'Whether the figures reach what the grant asks for.';
comment on column api.grant_snapshots.digest is 'SHA-256 over all that was counted.';
comment on column api.grant_snapshots.frozen_at is 'When two coordinators froze it.';
comment on column api.grant_snapshots.conflict_id is 'The case in which it was frozen, or is to be.';
grant select on api.grant_snapshots to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.grant_snapshots
for each row execute function private.tg__refuse_write();
-- end db/functions/reporting/api.grant_snapshots.sql

-- begin db/functions/reporting/private.grant_day.sql
-- 29 February is the last of February in most years.
create or replace function private.grant_day(p_year integer, p_month integer, p_day integer)
returns date
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select make_date(p_year, p_month, 1) + least(p_day, extract(day from make_date(p_year, p_month, 1) + interval '1 month - 1 day')::integer) - 1
$$;
comment on function private.grant_day is 'In: year; month and day of a rule. Out: that day, or the last of the month where it has fewer.';
-- end db/functions/reporting/private.grant_day.sql

-- begin db/functions/reporting/private.why_not_count.sql
-- What stands against counting: also a year whose municipalities nobody has entered, because its figures would be wrong without anybody noticing.
create or replace function private.why_not_count(p_organization_id uuid, p_base_year integer, p_rule text, p_corrects uuid)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_organization_id is null then 'not_found'
    when not exists (select from reporting.grant_rules as g where g.code = p_rule) then 'rule_unknown'
    when not exists (select from reporting.divisions as d where d.year = p_base_year) then 'division_unknown'
    when exists (
      select from reporting.grant_rules as g
      where g.code = p_rule and private.grant_day(p_base_year, g.counted_month, g.counted_day) >= (now() at time zone 'Europe/Oslo')::date)
      then 'year_not_over'
    when p_corrects is not null and not exists (
      select from reporting.snapshots as s
      where s.id = p_corrects and s.organization_id = p_organization_id and s.base_year = p_base_year and s.rule_code = p_rule
        and s.state = 'frozen'
        and not exists (select from reporting.snapshots as later where later.corrects = s.id and later.state = 'frozen')) then 'corrects_unknown'
    when p_corrects is null and exists (
      select from reporting.snapshots as s
      where s.organization_id = p_organization_id and s.base_year = p_base_year and s.rule_code = p_rule and s.state = 'frozen') then 'frozen_already'
    when exists (
      select from reporting.snapshots as s join registry.conflicts as c
        on c.organization_id = s.organization_id and c.fingerprint = 'grant_snapshot ' || s.id and c.closed_at is null
      where s.organization_id = p_organization_id and s.base_year = p_base_year and s.rule_code = p_rule and s.state = 'draft') then 'awaits_approval'
  end
$$;
comment on function private.why_not_count is 'In: organisation (null: none that the caller may see), base year, rule, the frozen snapshot that is to be corrected. Out: code of the refusal; null: go ahead.';
-- end db/functions/reporting/private.why_not_count.sql

-- begin db/functions/reporting/private.ask_snapshot.sql
-- What is to be counted, and by which rule as it is now.
create or replace function private.ask_snapshot(p_organization_id uuid, p_base_year integer, p_rule text, p_corrects uuid)
returns reporting.snapshots
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  delete from reporting.snapshots as known
  where known.organization_id = p_organization_id and known.base_year = p_base_year and known.rule_code = p_rule
    and known.state in ('asked', 'failed');
  insert into reporting.snapshots
    (organization_id, organization_name, base_year, division, rule_code, rule, counted_on, corrects, made_by)
  select p_organization_id, o.name, p_base_year, d.source, g.code, to_jsonb(g), private.grant_day(p_base_year, g.counted_month, g.counted_day),
    p_corrects, private.actor()
  from reporting.grant_rules as g
  join registry.organizations as o on o.id = p_organization_id
  join reporting.divisions as d on d.year = p_base_year
  where g.code = p_rule
  returning *
$$;
comment on function private.ask_snapshot is 'In: organisation, base year, rule, snapshot that is corrected; nothing stands against it (private.why_not_count). Out: the row that waits to be counted.';
-- end db/functions/reporting/private.ask_snapshot.sql

-- begin db/functions/reporting/private.make_grant_snapshot.sql
-- Any coordinator may have it counted; freezing takes two. A worker counts, because a large organisation takes longer than a request may.
create or replace function private.make_grant_snapshot(p_organization text, p_base_year integer, p_rule text, p_corrects uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
  v_organization_id constant uuid := (
    select g.id from registry.organizations as g where g.slug = p_organization and g.id = any (private.coordinator_organizations()));
  v_is_free constant boolean := v_organization_id is null or private.lock_counting(v_organization_id, false);
  v_refusal text := private.why_not_count(v_organization_id, p_base_year, p_rule, p_corrects);
begin
  if v_refusal is null and (not v_is_free or exists (
    select from reporting.snapshots as known
    where known.organization_id = v_organization_id and known.base_year = p_base_year and known.rule_code = p_rule and known.state = 'asked')) then
    v_refusal := 'is_being_counted';
  end if;
  if v_refusal is not null then
    return private.refuse('make_grant_snapshot', v_refusal, null);
  end if;
  s := private.ask_snapshot(v_organization_id, p_base_year, p_rule, p_corrects);
  perform private.enqueue('count_grant', s.id);
  return jsonb_build_object('snapshot_id', s.id, 'state', s.state, 'base_year', s.base_year, 'rule_code', s.rule_code);
end
$$;
comment on function private.make_grant_snapshot is 'See api.make_grant_snapshot.';
grant execute on function private.make_grant_snapshot to authenticated;
-- end db/functions/reporting/private.make_grant_snapshot.sql

-- begin db/functions/reporting/api.make_grant_snapshot.sql
-- A coordinator has the members counted for a grant.
create or replace function api.make_grant_snapshot(organization text, base_year integer, rule text, corrects uuid default null)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.make_grant_snapshot(make_grant_snapshot.organization, make_grant_snapshot.base_year, make_grant_snapshot.rule,
    make_grant_snapshot.corrects);
end;
comment on function api.make_grant_snapshot is 'In: organisation (slug), base year, rule (api.grant_rules), the frozen snapshot that is corrected (null: none). Out: {"snapshot_id", "state": "asked", "base_year", "rule_code"}: a worker counts it (api.grant_snapshots.state), and a draft of the same year and rule gives way then; or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.make_grant_snapshot to authenticated;
-- end db/functions/reporting/api.make_grant_snapshot.sql

-- begin db/functions/reporting/private.grant_rules.sql
-- Rules belong to nobody; coordinators see them, for each of their organisations.
create or replace function private.grant_rules()
returns table (
  organization text, code text, title text, level reporting.grant_level, document text, min_fee bigint, min_age integer, max_age integer,
  required_members integer, required_municipalities integer, required_counties integer, one_suffices boolean
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select o.slug, g.code, g.title, g.level, g.document, g.min_fee, g.min_age, g.max_age, g.required_members, g.required_municipalities,
    g.required_counties, g.one_suffices
  from reporting.grant_rules as g
  join registry.organizations as o on o.id = any (private.coordinator_organizations())
$$;
comment on function private.grant_rules is 'See api.grant_rules.';
grant execute on function private.grant_rules to authenticated; -- called by the view
-- end db/functions/reporting/private.grant_rules.sql

-- begin db/functions/reporting/api.grant_rules.sql
-- The rules that an organisation can count by: each organisation all of them.
create or replace view api.grant_rules with (security_invoker = true) as
select g.organization, g.code, g.title, g.level, g.document, g.min_fee, g.min_age, g.max_age, g.required_members, g.required_municipalities,
  g.required_counties, g.one_suffices
from private.grant_rules() as g;
comment on view api.grant_rules is 'Rules of grants: what is counted, and what the grant asks for.';
comment on column api.grant_rules.organization is 'Who can count by it (slug).';
comment on column api.grant_rules.code is 'What api.make_grant_snapshot takes.';
comment on column api.grant_rules.title is 'Name for people.';
comment on column api.grant_rules.level is 'Who gives the grant.';
comment on column api.grant_rules.document is 'Where the rule is written, and what of it has not been confirmed.';
comment on column api.grant_rules.min_fee is 'Smallest fee that counts as paying, in øre.';
comment on column api.grant_rules.min_age is 'Lowest age; null: any.';
comment on column api.grant_rules.max_age is 'Highest age; null: any.';
comment on column api.grant_rules.required_members is 'How many members the grant asks for; null: it does not.';
comment on column api.grant_rules.required_municipalities is 'From how many municipalities.';
comment on column api.grant_rules.required_counties is 'From how many counties.';
comment on column api.grant_rules.one_suffices is 'Whether one of these is enough.';
grant select on api.grant_rules to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.grant_rules
for each row execute function private.tg__refuse_write();
-- end db/functions/reporting/api.grant_rules.sql

-- begin db/functions/reporting/private.draw_sample.sql
-- The auditor checks some members against vouchers. The same snapshot, number and seed are the same members, whoever draws and whenever; a larger
-- sample holds the smaller one.
create or replace function private.draw_sample(s reporting.snapshots, p_size integer, p_seed text)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'nth', p.nth, 'name', p.name, 'address', nullif(concat_ws(', ', p.address, p.postal_code), ''),
    'county', p.county, 'county_name', private.place_name(p.county, s.base_year), 'birth_year', p.birth_year, 'paid_on', p.paid_on,
    'amount', p.amount, 'erased', p.erased_at is not null) order by p.place), '[]')
  from (
    select k.*, row_number() over (order by k.lot, k.nth) as place
    from (
      select known.*, sha256(convert_to(s.id || ' ' || p_seed || ' ' || known.nth, 'UTF8')) as lot
      from reporting.snapshot_persons as known where known.snapshot_id = s.id and known.reason is null) as k
    order by k.lot, k.nth limit p_size
  ) as p
$$;
comment on function private.draw_sample is 'In: a snapshot, how many, a word of the auditor''s. Out: that many counted persons as JSON, in the order in which they are drawn.';
-- end db/functions/reporting/private.draw_sample.sql

-- begin db/functions/reporting/private.grant_sample.sql
-- Persons: that they were taken out is written down, or counted.
create or replace function private.grant_sample(p_snapshot_id uuid, p_size integer, p_seed text)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s constant reporting.snapshots := private.snapshot_of_caller(p_snapshot_id);
  v_refusal constant text := case
    when s.id is null then 'not_found'
    when (p_size between 1 and 1000 and length(p_seed) <= 100) is not true then 'list_unusable'
  end;
begin
  if v_refusal is not null then
    return private.refuse('grant_sample', v_refusal, p_snapshot_id);
  end if;
  perform private.record_repeatable(concat_ws(' ', private.actor(), s.id, 'sample'), 'grant_list_taken', 'coordinator', s.organization_id,
    'A list of members was taken from what was counted for a grant.', p_detail => jsonb_build_object('snapshot_id', s.id, 'what', 'sample'));
  return jsonb_build_object('rows', private.draw_sample(s, p_size, p_seed));
end
$$;
comment on function private.grant_sample is 'See api.grant_sample.';
grant execute on function private.grant_sample to authenticated;
-- end db/functions/reporting/private.grant_sample.sql

-- begin db/functions/reporting/api.grant_sample.sql
-- The auditor draws members to check.
create or replace function api.grant_sample(snapshot_id uuid, size integer, seed text default '')
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.grant_sample(grant_sample.snapshot_id, grant_sample.size, grant_sample.seed);
end;
comment on function api.grant_sample is 'In: a snapshot, 1 to 1000, a word. Out: {"rows": [...]}: always the same for the same three; or a refusal with code and message (HTTP 404, 422).';
grant execute on function api.grant_sample to authenticated;
-- end db/functions/reporting/api.grant_sample.sql

-- begin db/functions/billing/api.invoice_issuers.sql
-- How issuing stands: one row per organisation that issues invoices.
create or replace view api.invoice_issuers with (security_invoker = true) as
select
  g.slug as organization, s.organization_number, coalesce(b.state, 'closed') as breaker, b.error_code,
  billing.explain_state(null, b.error_code) as reason, b.opened_at, b.probe_at as next_probe_at, w.waiting
from billing.issuers as s
join registry.organizations as g on g.id = s.organization_id
left join billing.breakers as b on b.organization_id = s.organization_id
cross join lateral (
  select count(*) as waiting from billing.invoices as i where i.organization_id = s.organization_id and i.settled_at is null) as w;
comment on view api.invoice_issuers is 'The issuer of each of the coordinator''s organisations: whether invoices are issued (breaker closed) and if not why and until when, and how many wait.';
comment on column api.invoice_issuers.organization is 'The organisation (slug).';
comment on column api.invoice_issuers.organization_number is 'Its organisation number.';
comment on column api.invoice_issuers.breaker is 'closed: invoices are issued; open: none is; half_open: one is, to find out.';
comment on column api.invoice_issuers.error_code is 'The failure that stopped them (docs/error-codes.md).';
comment on column api.invoice_issuers.reason is 'The same as a sentence.';
comment on column api.invoice_issuers.opened_at is 'Since when none is issued.';
comment on column api.invoice_issuers.next_probe_at is 'When the next one is tried.';
comment on column api.invoice_issuers.waiting is 'How many invoices wait.';
grant select on api.invoice_issuers to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.invoice_issuers
for each row execute function private.tg__refuse_write();
-- end db/functions/billing/api.invoice_issuers.sql

-- begin db/functions/matching/private.explain_candidate.sql
-- The evidence of a candidate in words: for the explanation of a match, and for whoever looks for the member of a login.
create or replace function private.explain_candidate(p_candidate private.candidate, out agreed text[], out disagreed text[])
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(e.name order by e.name) filter (where e.agrees), '{}'),
    coalesce(array_agg(e.name order by e.name) filter (where not e.agrees), '{}')
  from (values -- null: could not be compared
    ('personnummer', nullif(p_candidate.by_number, false)),
    ('phone', p_candidate.by_phone),
    ('email', p_candidate.by_email),
    ('name', p_candidate.name = 'full'),
    ('birth_date', p_candidate.birth_date_agrees),
    ('birth_date_of_number', case when p_candidate.by_number then p_candidate.born_as_number_says end)
  ) as e(name, agrees)
$$;
comment on function private.explain_candidate is 'In: a candidate. Out: what agreed and what disagreed.';
-- end db/functions/matching/private.explain_candidate.sql

-- begin db/functions/matching/private.parts_agree.sql
-- Whether two names agree as a whole, given name with given name. A family is many people with one family name, one phone and one e-mail address,
-- so the given name decides: Anne and Anne Marie may be one, Anne Marie and Anne Sofie are sisters. A word more on one side is a middle name that
-- comes and goes. Of the family name one shared word is enough, because double names are shortened.
create or replace function private.parts_agree(
  p_given_1 private.name_part, p_family_1 private.name_part, p_given_2 private.name_part, p_family_2 private.name_part
)
returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    p_given_1.spellings && p_given_2.spellings
      and (p_given_1.words <@ (p_given_2.spellings || p_family_2.spellings) or p_given_2.words <@ (p_given_1.spellings || p_family_1.spellings))
    or coalesce(p_given_1.whole = p_given_2.whole, false)
  ) and (
    p_family_1.spellings && p_family_2.spellings
    or coalesce(p_family_1.whole = p_family_2.whole, false)
  );
end
$$;
comment on function private.parts_agree is 'In: given and family name of two sides, all four written. Out: whether they agree in this order.';
-- end db/functions/matching/private.parts_agree.sql

-- begin db/functions/matching/private.lone_part_agrees.sql
-- Where one side has but one of the two names: all its words must be found on the other side, one of them in the given name, because a family name
-- alone may be anybody's in the family. So a lone family name agrees only where it holds the whole name.
create or replace function private.lone_part_agrees(
  p_given_1 private.name_part, p_family_1 private.name_part, p_given_2 private.name_part, p_family_2 private.name_part
)
returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lone constant private.name_part := case when p_given_1.is_written then p_given_1 else p_family_1 end;
begin
  if p_given_2.is_written and p_family_2.is_written then
    return v_lone.spellings && p_given_2.spellings and v_lone.words <@ (p_given_2.spellings || p_family_2.spellings)
      and (p_given_1.is_written or v_lone.spellings && p_family_2.spellings);
  elsif p_given_1.is_written <> p_given_2.is_written then
    return false; -- a given name here, a family name there
  elsif p_given_1.is_written then
    return private.parts_agree(p_given_1, p_given_1, p_given_2, p_given_2);
  end if;
  return private.parts_agree(p_family_1, p_family_1, p_family_2, p_family_2);
end
$$;
comment on function private.lone_part_agrees is 'In: given and family name of two sides, one of which is not written on the first. Out: whether they agree.';
-- end db/functions/matching/private.lone_part_agrees.sql

-- begin db/functions/matching/private.tells_apart.sql
-- Words that tell nobody apart: Omar Al Said and Fatima Al Nouri have one in common and are two people. Particles of names in the languages of
-- Norway's residents; titles; initials; and abbreviations like Chr., Md. and JP, which have no vowel. Ng is a name.
create or replace function private.tells_apart(p_word text)
returns boolean
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return not (
    p_word = any ('{
      al,el,ul,ud,ad,adh,an,ar,as,ash,at,ath,az,abd,abdul,abdel,abdal,abu,um,umm,bin,ben,ibn,bint,binti,binte,ould,wuld,
      da,das,de,del,dela,della,delle,dell,dei,degli,di,do,dos,du,des,la,las,le,les,lo,los,san,santa,saint,sankt,
      van,von,vom,der,den,det,dem,die,het,ten,ter,te,tot,zu,zum,zur,im,am,in,op,af,av,auf,und,og,and,och,et,
      mac,fitz,ni,nic,ap,ab,bar,bat,thi,mohd,muhd,prof,fru,herr,junior,senior,ii,iii,iv}'::text[])
    or length(private.fold_spelling(p_word)) = 1 and p_word collate "C" < U&'\2E80' -- beyond are Chinese and Korean, where one character is a word
    or length(p_word) <= 3 and translate(p_word, 'bcdfghjklmnpqrstvwxz', '') = '' and p_word <> 'ng');
end
$$;
comment on function private.tells_apart is 'In: a word of a name, in the letters of private.name_letters. Out: whether sharing it says anything about two people.';
-- end db/functions/matching/private.tells_apart.sql

-- begin db/functions/matching/private.read_name.sql
-- What a given or a family name is compared by. Al Nouri, Al-Nouri and Alnouri are one name, so neighbours are also written together, as long as
-- one of them tells people apart. A word that says that the name is not known is no name.
create or replace function private.read_name(p_name text)
returns private.name_part
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  v_part private.name_part;
  v_letters text collate "C";
  v_word text collate "C";
  v_previous text collate "C" := '';
  v_tells boolean;
  v_previous_tells boolean := false;
  v_is_name boolean := false;
begin
  v_part.is_written := coalesce(btrim(p_name) <> '', false);
  v_part.words := '{}';
  v_part.spellings := '{}';
  if not v_part.is_written then
    return v_part;
  end if;
  v_letters := private.name_letters(p_name);
  foreach v_word in array string_to_array(v_letters, ' ') loop
    continue when v_word in ('', 'ukjent', 'ukendt', 'unknown', 'fnu', 'lnu');
    v_tells := private.tells_apart(v_word);
    if v_tells then
      v_part.words := v_part.words || private.fold_spelling(v_word);
    end if;
    if v_previous <> '' and (v_tells or v_previous_tells) then
      v_part.spellings := v_part.spellings || private.fold_spelling(v_previous || v_word);
    end if;
    v_is_name := v_is_name or v_tells or length(private.fold_spelling(v_word)) > 1 and v_word ~ '[aeiouy]';
    v_previous := v_word;
    v_previous_tells := v_tells;
  end loop;
  if v_is_name then
    v_part.whole := private.fold_spelling(replace(v_letters, ' ', ''));
  end if;
  v_part.spellings := v_part.words || v_part.spellings || case when v_part.words <> '{}' then array[v_part.whole] end;
  return v_part;
end
$$;
comment on function private.read_name is 'In: a given or a family name. Out: what it is compared by.';
-- end db/functions/matching/private.read_name.sql

-- begin db/functions/matching/private.compare_names.sql
-- How far two names agree. Given and family name are swapped in some registers, so both orders are tried; some have the whole name in one of the
-- two. Forgiving of spelling and never of another name: this only checks, it finds nobody.
create or replace function private.compare_names(p_given_1 text, p_family_1 text, p_given_2 text, p_family_2 text)
returns private.name_agreement
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  g1 constant private.name_part := private.read_name(p_given_1);
  f1 constant private.name_part := private.read_name(p_family_1);
  -- Mostly the two sides are spelled alike, and reading is what costs.
  g2 constant private.name_part := case when p_given_2 = p_given_1 then g1 else private.read_name(p_given_2) end;
  f2 constant private.name_part := case when p_family_2 = p_family_1 then f1 else private.read_name(p_family_2) end;
begin
  return case
    when not (g1.is_written or f1.is_written) or not (g2.is_written or f2.is_written) then null
    when case
      when not (g1.is_written and f1.is_written) then private.lone_part_agrees(g1, f1, g2, f2)
      when not (g2.is_written and f2.is_written) then private.lone_part_agrees(g2, f2, g1, f1)
      else private.parts_agree(g1, f1, g2, f2) or private.parts_agree(g1, f1, f2, g2)
    end then 'full'
    when (g1.spellings || f1.spellings) && (g2.spellings || f2.spellings) then 'partial'
    else 'none'
  end::private.name_agreement;
end
$$;
comment on function private.compare_names is 'In: given and family name of two sides. Out: full, partial, none; null when one side has no name at all.';
-- end db/functions/matching/private.compare_names.sql

-- begin db/functions/matching/private.given_names_differ.sql
-- A family name is shared by a whole family. Initials and titles say nothing, and a name may stand in the other field.
create or replace function private.given_names_differ(p_given_1 text, p_family_1 text, p_given_2 text, p_family_2 text)
returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  g1 constant private.name_part := private.read_name(p_given_1);
  g2 constant private.name_part := private.read_name(p_given_2);
begin
  return g1.words <> '{}' and g2.words <> '{}'
    and not g1.spellings && (g2.spellings || (private.read_name(p_family_2)).spellings)
    and not g2.spellings && (g1.spellings || (private.read_name(p_family_1)).spellings);
end
$$;
comment on function private.given_names_differ is 'In: given and family name of two sides. Out: whether both have a given name, and these have nothing in common.';
-- end db/functions/matching/private.given_names_differ.sql

-- begin db/functions/matching/private.is_excluded.sql
-- What a coordinator has decided outranks the match rules for good, and a member's own wish too.
create or replace function private.is_excluded(p_observation registry.observations, p_member_id uuid)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from registry.excluded_links as x
    where x.organization_id = p_observation.organization_id and x.issuer = p_observation.issuer and x.subject = p_observation.subject
      and x.member_id = p_member_id)
$$;
comment on function private.is_excluded is 'In: an observation, a member. Out: whether a coordinator found that this login is not that member.';
-- end db/functions/matching/private.is_excluded.sql

-- begin db/functions/matching/private.find_candidates.sql
-- Everybody in the organisation that anything verified of the login points at, with what agrees and what does not; and the member who
-- asked for the login to be linked. Deciding is somebody else's work (private.choose_member). What is not verified anybody can write, so
-- it is not even looked up here: neither who is let in, nor how long that takes, may depend on it (private.add_unverified).
create or replace function private.find_candidates(p_observation registry.observations)
returns setof private.candidate
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with login as (
    select p_observation.organization_id,
      array_remove(p_observation.personnummer_index || p_observation.personnummer_index_previous, null) as indexes,
      case when p_observation.phone_verified then p_observation.phone end as phone,
      case when p_observation.email_verified then private.email_key(p_observation.email) end as email
  )
  select
    m.id,
    agrees.number,
    agrees.phone,
    agrees.email,
    case
      -- Twins and siblings share a family name, and a number may stand on the other one's record.
      when agrees.number and agrees.phone is not true and agrees.email is not true
        and (m.birth_date is null or not agrees.phone or not agrees.email)
        and private.given_names_differ(p_observation.given_name, p_observation.family_name, m.given_name, m.family_name) then 'none'
      else private.compare_names(p_observation.given_name, p_observation.family_name, m.given_name, m.family_name)
    end,
    case
      when m.birth_date is not null then m.birth_date = p_observation.birth_date
      -- The record's own number says when its member was born; without the century it can only contradict.
      when (select n.birth_date from private.read_mask(m.personnummer_masked) as n) <> to_char(p_observation.birth_date, 'DDMMYY') then false
    end,
    to_char(m.birth_date, 'DDMMYY') = (select n.birth_date from private.read_mask(p_observation.personnummer_masked) as n)
  from login as l
  join registry.members as m on m.organization_id = l.organization_id
  cross join lateral (
    select coalesce(m.personnummer_index = any (l.indexes), false) as number, m.phone = l.phone as phone,
      private.email_key(m.email) = l.email as email
  ) as agrees
  where (m.personnummer_index = any (l.indexes) or m.phone = l.phone or private.email_key(m.email) = l.email
      or m.id = p_observation.requested_member_id)
    and m.merged_into is null and m.erased_at is null
    and not private.is_excluded(p_observation, m.id)
$$;
comment on function private.find_candidates is 'In: an observation. Out: the members that its number, or its verified phone or e-mail, points at, and the one who asked for it to be linked, each with the evidence.';
-- end db/functions/matching/private.find_candidates.sql

-- begin db/functions/matching/private.login_suggestions.sql
-- Whose might this login be? The match rules' own candidates, as the records are now; then those at whom only an unverified phone or e-mail points,
-- which is said with them: for a person that is a hint.
create or replace function private.login_suggestions(p_observation_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations;
  v_trusting registry.observations; -- as if all of it were verified
  v_refusal text;
begin
  select known.* into o from registry.observations as known
  where known.id = p_observation_id and known.organization_id = any (private.coordinator_organizations());
  v_refusal := case
    when o.id is null then 'not_found'
    when private.linked_member(o) is not null then 'already_linked'
  end;
  if v_refusal is not null then
    return private.refuse('login_suggestions', v_refusal, p_observation_id);
  end if;
  v_trusting := o;
  v_trusting.phone_verified := true;
  v_trusting.email_verified := true;
  return (
    with candidate as (
      select c.*, true as verified from private.find_candidates(o) as c
      union all
      select c.*, false from private.find_candidates(v_trusting) as c
      where c.member_id not in (select known.member_id from private.find_candidates(o) as known)
    )
    select coalesce(jsonb_agg(jsonb_build_object(
      'member_id', m.id, 'member_external_id', m.external_id, 'given_name', m.given_name, 'family_name', m.family_name,
      'birth_date', m.birth_date, 'personnummer', m.personnummer_masked, 'agreed', e.agreed, 'disagreed', e.disagreed, 'verified', c.verified)
      order by c.verified desc, c.by_number desc, cardinality(e.agreed) desc, cardinality(e.disagreed), m.family_name, m.given_name, m.id), '[]')
    from candidate as c
    join registry.members as m on m.id = c.member_id
    cross join lateral private.explain_candidate(
      row(c.member_id, c.by_number, c.by_phone, c.by_email, c.name, c.birth_date_agrees, c.born_as_number_says)::private.candidate) as e);
end
$$;
comment on function private.login_suggestions is 'See api.login_suggestions.';
grant execute on function private.login_suggestions to authenticated;
-- end db/functions/matching/private.login_suggestions.sql

-- begin db/functions/matching/api.login_suggestions.sql
-- Where a coordinator begins to look for the member of a login.
create or replace function api.login_suggestions(observation_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.login_suggestions(login_suggestions.observation_id);
end;
comment on function api.login_suggestions is 'In: a login of api.unlinked_logins. Out: an array of the members that it might belong to, the likeliest first, each with what agreed and what disagreed; verified false: only an unverified phone or e-mail points there. Or a refusal with code and message (HTTP 404, 409).';
grant execute on function api.login_suggestions to authenticated;
-- end db/functions/matching/api.login_suggestions.sql

-- begin db/functions/conflicts/api.member_history.sql
-- What happened to a member, in order.
-- The organisation and the record are looked up row by row ("offset 0"): joined, everything would be put in order before the first page is there.
create or replace view api.member_history with (security_invoker = true) as
select
  e.id as event_id, g.slug as organization, e.member_id, m.external_id as member_external_id, e.occurred_at, e.event, e.source,
  e.message, e.observation_id, e.conflict_id, e.push_id
from audit.events as e
cross join lateral (select r.slug from registry.organizations as r where r.id = e.organization_id offset 0) as g
cross join lateral (select r.external_id from registry.members as r where r.id = e.member_id offset 0) as m;
comment on view api.member_history is 'Audit events about members of the coordinator''s organisations.';
comment on column api.member_history.event_id is 'Identifies the event; rises with time, roughly.';
comment on column api.member_history.organization is 'Whose member (slug).';
comment on column api.member_history.member_id is 'The member concerned.';
comment on column api.member_history.member_external_id is 'The member''s number in the member system.';
comment on column api.member_history.occurred_at is 'When it happened.';
comment on column api.member_history.event is 'What happened (docs/for-coordinators.md).';
comment on column api.member_history.source is 'What brought it about; worker: also where a login or a coordinator caused what became of a push.';
comment on column api.member_history.message is 'The same as a sentence. Numbers are masked.';
comment on column api.member_history.observation_id is 'The login concerned.';
comment on column api.member_history.conflict_id is 'The case concerned.';
comment on column api.member_history.push_id is 'The push concerned.';
grant select on api.member_history to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.member_history
for each row execute function private.tg__refuse_write();
-- end db/functions/conflicts/api.member_history.sql

-- begin db/functions/members/api.member_logins.sql
-- A member's own logins, for the page that shows one member: those that found the record, and those that a coordinator linked to it afterwards.
create or replace view api.member_logins with (security_invoker = true) as
select
  o.id as observation_id, g.slug as organization, o.member_id, o.provider, o.outcome, o.received_at, o.given_name, o.family_name,
  exists (
    select from registry.identity_links as l
    where l.organization_id = o.organization_id and l.issuer = o.issuer and l.subject = o.subject and l.member_id = o.member_id) as linked
from registry.observations as o
join registry.organizations as g on g.id = o.organization_id
where o.member_id is not null
union all
select
  o.id, g.slug, l.member_id, o.provider, o.outcome, o.received_at, o.given_name, o.family_name, true
from registry.identity_links as l
join registry.observations as o
  on o.organization_id = l.organization_id and o.issuer = l.issuer and o.subject = l.subject and o.member_id is null
join registry.organizations as g on g.id = l.organization_id;
comment on view api.member_logins is 'Logins in the coordinator''s organisations that belong, or belonged, to a member.';
comment on column api.member_logins.observation_id is 'The login.';
comment on column api.member_logins.organization is 'Where the person logged in (slug).';
comment on column api.member_logins.member_id is 'The member.';
comment on column api.member_logins.provider is 'What the person logged in with.';
comment on column api.member_logins.outcome is 'What became of it.';
comment on column api.member_logins.received_at is 'When it was recorded.';
comment on column api.member_logins.given_name is 'Given name that the login brought.';
comment on column api.member_logins.family_name is 'Family name that the login brought.';
comment on column api.member_logins.linked is 'Whether that account belongs to the member now.';
grant select on api.member_logins to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.member_logins
for each row execute function private.tg__refuse_write();
-- end db/functions/members/api.member_logins.sql

-- begin db/functions/breakers/api.member_systems.sql
-- How the carrying of changes stands: one row per organisation.
create or replace view api.member_systems with (security_invoker = true) as
select
  g.slug as organization, s.kind, coalesce(b.state, 'closed') as breaker, b.error_code, private.explain_failure(b.error_code) as reason,
  b.http_status, b.opened_at, b.probe_at as next_probe_at, p.waiting, p.oldest_waiting_since
from sync.member_systems as s
join registry.organizations as g on g.id = s.organization_id
left join sync.breakers as b on b.organization_id = s.organization_id
cross join lateral (
  select count(*) as waiting, min(known.created_at) as oldest_waiting_since
  from sync.pushes as known where known.organization_id = s.organization_id and known.settled_at is null
) as p;
comment on view api.member_systems is 'The member system of each of the coordinator''s organisations: how it is reached, whether changes flow (breaker closed) and if not why and until when, and how many changes wait.';
comment on column api.member_systems.organization is 'Whose member system (slug).';
comment on column api.member_systems.kind is 'How it is reached: http, file or worklist.';
comment on column api.member_systems.breaker is 'closed: changes flow; open: none is sent; half_open: one is, to find out.';
comment on column api.member_systems.error_code is 'The failure that stopped the changes (docs/error-codes.md).';
comment on column api.member_systems.reason is 'The same as a sentence.';
comment on column api.member_systems.http_status is 'HTTP status of that failure.';
comment on column api.member_systems.opened_at is 'Since when nothing is sent.';
comment on column api.member_systems.next_probe_at is 'When the next change is let through to find out.';
comment on column api.member_systems.waiting is 'How many changes wait.';
comment on column api.member_systems.oldest_waiting_since is 'When the oldest of them was made.';
grant select on api.member_systems to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.member_systems
for each row execute function private.tg__refuse_write();
-- end db/functions/breakers/api.member_systems.sql

-- begin db/functions/figures/api.monthly_figures.sql
-- The figures behind the charts. The worker counts them (worker.count_figures).
create or replace view api.monthly_figures with (security_invoker = true) as
select
  g.slug as organization, f.month, f.members_with_number, f.filled, f.confirmed, f.conflict, f.duplicate, f.absent, f.unlinked, f.ambiguous,
  f.name_mismatch, f.cases_opened, f.cases_settled, f.deliveries_done, f.deliveries_failed, f.counted_at
from registry.monthly_figures as f
join registry.organizations as g on g.id = f.organization_id;
comment on view api.monthly_figures is 'What happened in each month, per organisation. Months are those of Norwegian time; the running one is as it was when it was counted last.';
comment on column api.monthly_figures.organization is 'Whose figures (slug).';
comment on column api.monthly_figures.month is 'First day of the month.';
comment on column api.monthly_figures.members_with_number is 'Members with a number at its end; of the running month: at counted_at; null: nobody counted then.';
comment on column api.monthly_figures.filled is 'Logins that filled a number.';
comment on column api.monthly_figures.confirmed is 'Logins that confirmed one.';
comment on column api.monthly_figures.conflict is 'Logins that brought another number than the record has.';
comment on column api.monthly_figures.duplicate is 'Logins whose number another member has.';
comment on column api.monthly_figures.absent is 'Logins that brought none.';
comment on column api.monthly_figures.unlinked is 'Logins that nobody matched.';
comment on column api.monthly_figures.ambiguous is 'Logins that several members matched.';
comment on column api.monthly_figures.name_mismatch is 'Logins that one member matched, under another name.';
comment on column api.monthly_figures.cases_opened is 'Cases opened.';
comment on column api.monthly_figures.cases_settled is 'Decisions of coordinators, without those that were taken back.';
comment on column api.monthly_figures.deliveries_done is 'Changes that reached the member system.';
comment on column api.monthly_figures.deliveries_failed is 'Changes that were refused or given up, and have not been delivered since.';
comment on column api.monthly_figures.counted_at is 'When all this was counted.';
grant select on api.monthly_figures to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.monthly_figures
for each row execute function private.tg__refuse_write();
-- end db/functions/figures/api.monthly_figures.sql

-- begin db/functions/own_record/private.my_consents.sql
-- What the member answered when asked, in the words in which it was asked.
create or replace function private.my_consents()
returns table (
  provider registry.provider, state registry.consent_state, scope text, evidence jsonb, answered_at timestamptz, withdrawn_at timestamptz
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select c.provider, c.state, c.scope, c.evidence, c.answered_at, c.withdrawn_at
  from registry.members as m
  join registry.consents as c on c.organization_id = m.organization_id and c.member_id = m.id
  where m.id = (select private.calling_member())
$$;
comment on function private.my_consents is 'See api.my_consents.';
grant execute on function private.my_consents to authenticated; -- called by the view
-- end db/functions/own_record/private.my_consents.sql

-- begin db/functions/own_record/api.my_consents.sql
-- A member asks: what have I agreed to?
create or replace view api.my_consents with (security_invoker = true) as
select
  r.provider, r.state, r.scope, r.evidence, r.answered_at, r.withdrawn_at
from private.my_consents() as r;
comment on view api.my_consents is 'The answers of the member whose access token it is, to the question whether the personnummer may be stored.';
comment on column api.my_consents.provider is 'The provider whose number it is about.';
comment on column api.my_consents.state is 'given, refused, or given and withdrawn later.';
comment on column api.my_consents.scope is 'The scope that was asked for, where the provider asked.';
comment on column api.my_consents.evidence is 'Who asked, in which words and language.';
comment on column api.my_consents.answered_at is 'When it was answered.';
comment on column api.my_consents.withdrawn_at is 'When it was withdrawn.';
grant select on api.my_consents to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.my_consents
for each row execute function private.tg__refuse_write();
-- end db/functions/own_record/api.my_consents.sql

-- begin db/functions/own_record/private.member_sentences.sql
-- The events that a member sees of the own record, each with its sentence for the member. What is not here is not shown: coordinators' work on a
-- case, and what happens inside the machinery.
create or replace function private.member_sentences()
returns table (event text, message text)
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  values
    ('filled', 'You logged in, and your personnummer was recorded.'),
    ('confirmed', 'You logged in with the recorded personnummer. Nothing was changed.'),
    ('conflict', 'You logged in, and your login did not agree with the recorded personnummer. Nothing was changed; the organisation looks into it.'),
    ('duplicate', 'You logged in, and your personnummer could not be recorded. The organisation looks into it.'),
    ('inconsistent', 'You logged in, and two steps of the login contradicted each other. Nothing was stored; the organisation looks into it.'),
    ('absent', 'You logged in. No personnummer was stored of this login.'),
    ('linked', 'A login was linked to your record.'),
    ('link_moved', 'The organisation linked a login to your record.'),
    ('link_removed', 'A login was taken away from your record.'),
    ('number_accepted', 'The organisation recorded a personnummer.'),
    ('number_restored', 'The organisation took a change of the personnummer back.'),
    ('number_removed', 'Your personnummer was removed, because you withdrew your consent.'),
    ('consent_given', 'You consented to the storing of your personnummer.'),
    ('consent_refused', 'You did not consent to the storing of your personnummer.'),
    ('consent_withdrawn', 'Your consent was withdrawn. What was not sent yet is not sent any more.'),
    ('consent_renewed', 'You logged in again after your consent was withdrawn.'),
    ('session_opened', 'You were logged in to the app.'),
    ('session_ended', 'A login to the app ended.'),
    ('member_added', 'Your record was made, from the member system of the organisation.'),
    ('member_updated', 'Your record was changed, from the member system of the organisation.'),
    ('import_conflict', 'The member system had another personnummer than your record. The organisation looks into it.'),
    ('import_duplicate', 'The member system had a personnummer that could not be recorded. The organisation looks into it.'),
    ('push_delivered', 'The change reached the member system of the organisation.'),
    ('push_marked_done', 'Somebody at the organisation carried the change into the member system.'),
    ('push_rejected', 'The member system refused the change. The organisation looks into it.'),
    ('push_given_up', 'The change did not reach the member system. The organisation looks into it.'),
    ('push_cancelled', 'The change was stopped before it was sent.'),
    ('number_fetched', 'Somebody at the organisation looked at your personnummer, to carry it into the member system.'),
    ('member_exported', 'The organisation took out a copy of what is stored about you.')
$$;
comment on function private.member_sentences is 'Out: each event that members see, and what it says to them.';
-- end db/functions/own_record/private.member_sentences.sql

-- begin db/functions/own_record/private.my_history.sql
-- What happened to the member's own record, in sentences written for the member. The audit's own sentences and details are for coordinators: they
-- may name other records, and coordinators' work on a case is theirs (private.member_sentences says which events members see). Of a record that
-- was merged into this one nothing is shown: a merge can be wrong, and taken back.
create or replace function private.my_history()
returns table (occurred_at timestamptz, event text, source text, message text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.occurred_at, s.event, e.source, s.message
  from audit.events as e
  join private.member_sentences() as s on s.event = e.event
  where e.member_id = (select private.calling_member())
$$;
comment on function private.my_history is 'See api.my_history.';
grant execute on function private.my_history to authenticated; -- called by the view
-- end db/functions/own_record/private.my_history.sql

-- begin db/functions/own_record/api.my_history.sql
-- A member asks: what happened to my record?
create or replace view api.my_history with (security_invoker = true) as
select
  r.occurred_at, r.event, r.source, r.message
from private.my_history() as r;
comment on view api.my_history is 'What happened to the record of the member whose access token it is. Order by occurred_at.';
comment on column api.my_history.occurred_at is 'When it happened.';
comment on column api.my_history.event is 'What happened (docs/for-apps.md).';
comment on column api.my_history.source is 'What brought it about: a login, the app, an import, a coordinator, the worker or the operator.';
comment on column api.my_history.message is 'The same as a sentence, in English.';
grant select on api.my_history to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.my_history
for each row execute function private.tg__refuse_write();
-- end db/functions/own_record/api.my_history.sql

-- begin db/functions/coordinators/private.set_language.sql
-- A coordinator of several organisations has one language.
create or replace function private.set_language(p_language text)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_language <> all (enum_range(null::registry.language)::text[]) then
    return private.refuse('set_language', 'unknown_language', null);
  end if;
  update registry.coordinators as c set language = p_language::registry.language
  where c.user_id = private.caller_id() and c.organization_id = any (private.coordinator_organizations());
  if not found then
    return private.refuse('set_language', 'not_found', null);
  end if;
  return jsonb_build_object('language', p_language);
end
$$;
comment on function private.set_language is 'See api.set_language.';
grant execute on function private.set_language to authenticated;
-- end db/functions/coordinators/private.set_language.sql

-- begin db/functions/coordinators/api.set_language.sql
-- The language of the pages follows the coordinator, not the computer.
create or replace function api.set_language(language text)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.set_language(set_language.language);
end;
comment on function api.set_language is 'In: nb, nn, en, or null for what the browser asks. Out: the language, or a refusal with code and message (HTTP 404, 422).';
grant execute on function api.set_language to authenticated;
-- end db/functions/coordinators/api.set_language.sql

-- begin db/functions/coordinators/api.my_profile.sql
-- What the pages need to know of whoever looks at them.
create or replace view api.my_profile with (security_invoker = true) as
select
  c.user_id, g.slug as organization, g.name as organization_name,
  private.coordinator_name(c.name, c.email, c.user_id) as name, c.language,
  private.decisions_for_two(enum_range(null::registry.decision)::text[], g.second_approval, null) as need_approval
from registry.coordinators as c
join registry.organizations as g on g.id = c.organization_id
where c.user_id = (select private.caller_id());
comment on view api.my_profile is 'The caller: a row for each organisation that the caller is a coordinator of.';
comment on column api.my_profile.user_id is 'The caller''s user id.';
comment on column api.my_profile.organization is 'The organisation (slug).';
comment on column api.my_profile.organization_name is 'The organisation, for people.';
comment on column api.my_profile.name is 'The caller, for people.';
comment on column api.my_profile.language is 'nb, nn or en, as api.set_language stored it; null: as the browser asks.';
comment on column api.my_profile.need_approval is 'Decisions that a second coordinator of this organisation must approve.';
grant select on api.my_profile to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.my_profile
for each row execute function private.tg__refuse_write();
-- end db/functions/coordinators/api.my_profile.sql

-- begin db/functions/own_record/private.consent_is_basis.sql
-- Whether a recorded number may be kept only as long as its member consents: it came with a login of a provider for which the member was asked.
-- A number of an import, or one that a coordinator decided on, has the organisation's own legal basis.
create or replace function private.consent_is_basis(m registry.members)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from registry.consents as c
    where c.organization_id = m.organization_id and c.member_id = m.id and c.state in ('given', 'withdrawn')
      and m.personnummer_source::text = c.provider || '-login')
$$;
comment on function private.consent_is_basis is 'In: a member. Out: whether the recorded number was stored with the member''s consent.';
-- end db/functions/own_record/private.consent_is_basis.sql

-- begin db/functions/own_record/private.forget_withdrawn_numbers.sql
-- What logins brought by consent goes with it, also where a case is about it: without its number there is nothing left to decide there
-- (private.is_obsolete).
create or replace function private.forget_withdrawn_numbers(m registry.members, p_providers registry.provider[])
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  update registry.observations as o
  set personnummer_index = null, personnummer_index_previous = '{}', personnummer_sealed = null, personnummer_masked = null,
      number_erased_at = clock_timestamp()
  where o.organization_id = m.organization_id and o.member_id = m.id and o.personnummer_index is not null and o.settled_at is not null
    and o.provider = any (p_providers)
    and exists (select from registry.consents as c where c.member_id = m.id and c.provider = o.provider and c.state = 'withdrawn')
$$;
comment on function private.forget_withdrawn_numbers is 'In: a locked member, the providers whose consent was withdrawn. Erases the numbers that their logins brought by consent.';
-- end db/functions/own_record/private.forget_withdrawn_numbers.sql

-- begin db/functions/own_record/private.remove_consented_number.sql
-- The record loses the number that it had by consent, and the member system is to lose it too.
create or replace function private.remove_consented_number(m registry.members)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.write_numbers(array[m.id], null);
  perform private.record_event('number_removed', 'app', m.organization_id,
    'The personnummer was removed: the member withdrew the consent that it was stored with.',
    p_member_id => m.id, p_push_id => private.queue_push(m.id));
end
$$;
comment on function private.remove_consented_number is 'In: a locked member whose number was stored with consent (private.consent_is_basis). Removes it, and queues its removal at the member system.';
-- end db/functions/own_record/private.remove_consented_number.sql

-- begin db/functions/consent/private.lock_link.sql
-- A link as it is once its member is locked. While this waits for a merge the link may move to the surviving record, which is locked then,
-- and the first one no more: whoever waits for a record holds none that others may lock after it. (An exception gives the lock back.)
create or replace function private.lock_link(p_link_id uuid)
returns registry.identity_links
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  l registry.identity_links;
  v_locked uuid;
begin
  loop
    begin
      select known.member_id into v_locked from registry.identity_links as known where known.id = p_link_id;
      perform from registry.members as m where m.id = v_locked for no key update;
      select known.* into l from registry.identity_links as known where known.id = p_link_id;
      exit when l.id is null or l.member_id = v_locked;
      raise exception 'The link moved meanwhile.' using errcode = 'serialization_failure';
    exception when serialization_failure then
      null; -- once more, with the record that it has moved to
    end;
  end loop;
  return l;
end
$$;
comment on function private.lock_link is 'In: id of a link. Out: the link, its member locked; null when it is gone.';
-- end db/functions/consent/private.lock_link.sql

-- begin db/functions/pushes/private.cancel_push.sql
-- Nobody is to send this any more, so a case about its failure is obsolete, and a file with it that nobody has fetched is taken back.
create or replace function private.cancel_push(p_push sync.pushes)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.settle_push(p_push, 'cancelled', 'push_cancelled',
    'The push was cancelled: consent was withdrawn.');
  perform private.supersede_cases(array(
    select c.id from registry.conflicts as c
    where c.organization_id = p_push.organization_id and c.push_id = p_push.id and c.kind = 'push_failed' and c.closed_at is null
  ), 'worker', 'The push was cancelled.');
  if p_push.file_id is not null then
    perform private.withdraw_file(p_push.file_id);
  end if;
end
$$;
comment on function private.cancel_push is 'In: a locked push whose consent was withdrawn (consent_withdrawn_at). Settles it as cancelled.';
-- end db/functions/pushes/private.cancel_push.sql

-- begin db/functions/consent/private.withdraw_pushes.sql
-- Every push of a login that may still leave is marked: one that waits, or is tried once a day, is cancelled now; one that is being
-- sent at this moment is cancelled when its attempt fails (worker.finish_pushes). The organisation's file is locked before its
-- pushes, as by whoever writes, fetches or acknowledges it.
create or replace function private.withdraw_pushes(p_link registry.identity_links)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_push sync.pushes;
begin
  perform from sync.files as f
  where f.organization_id = p_link.organization_id and f.state in ('writing', 'ready') for update;
  for v_push in
    update sync.pushes as p set consent_withdrawn_at = clock_timestamp()
    from registry.observations as o
    where o.id = p.observation_id and (o.issuer, o.subject) = (p_link.issuer, p_link.subject)
      and p.organization_id = p_link.organization_id and p.member_id = p_link.member_id
      and (p.settled_at is null or (p.state = 'given_up' and p.next_attempt_at is not null))
    returning p.*
  loop
    if v_push.state <> 'sending' then
      perform private.cancel_push(v_push);
    end if;
  end loop;
end
$$;
comment on function private.withdraw_pushes is 'In: the link whose consent was withdrawn. Cancels its pushes, or marks them to be cancelled instead of tried again.';
-- end db/functions/consent/private.withdraw_pushes.sql

-- begin db/functions/consent/private.revoke_login.sql
-- What a withdrawn consent means: link and consent are marked, what this login caused is not sent any more, and a coordinator is
-- told. A login after the message is a new consent and stands. The member is locked first, as by whoever reports on a push; a merge may
-- have moved the link while this waited, or a coordinator removed it.
create or replace function private.revoke_login(p_link_id uuid, p_revocation registry.revocations)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  l registry.identity_links := private.lock_link(p_link_id);
  v_source constant text := case when p_revocation.by_member then 'app' else l.provider || '-login' end;
  c registry.conflicts;
begin
  if l.id is null or exists (
    select from registry.observations as o
    where o.organization_id = l.organization_id and o.member_id = l.member_id
      and (o.issuer, o.subject) = (l.issuer, l.subject) and not private.withdraws(p_revocation, o)) then
    return;
  end if;
  update registry.identity_links set revoked_at = p_revocation.received_at where id = l.id;
  update registry.consents set state = 'withdrawn', withdrawn_at = p_revocation.received_at
  where organization_id = l.organization_id and member_id = l.member_id and provider = l.provider and state = 'given';
  perform private.withdraw_pushes(l);
  -- One open case for each login whose consent was withdrawn, for a coordinator to take note of.
  c.organization_id := l.organization_id;
  c.kind := 'consent_revoked';
  c.member_id := l.member_id;
  c.fingerprint := 'consent_revoked ' || l.id;
  c.detail := jsonb_build_object('provider', l.provider, 'verified', p_revocation.by_member);
  c := private.open_case(c);
  if l.revoked_at is null or p_revocation.by_member then -- the same said again is counted by the case
    perform private.record_event('consent_withdrawn', v_source, l.organization_id,
      case when p_revocation.by_member then 'The member withdrew consent.'
        else 'Consent was withdrawn, as an unverified message said; nothing was deleted.' end,
      p_member_id => l.member_id, p_conflict_id => c.id, p_detail => jsonb_build_object('verified', p_revocation.by_member));
  end if;
end
$$;
comment on function private.revoke_login is 'In: the link of the subject (id), the message, or what the member withdrew. Marks link and consent, cancels what can still be stopped, opens a case.';
-- end db/functions/consent/private.revoke_login.sql

-- begin db/functions/own_record/private.revoke_own_login.sql
-- The member's own withdrawal is kept as the provider's messages are, so that a login that is decided late, or linked later, brings no number
-- either. It is newer than every login before it, also where the provider's clock is ahead of ours.
create or replace function private.revoke_own_login(l registry.identity_links)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  r registry.revocations;
begin
  r.organization_id := l.organization_id;
  r.provider := l.provider;
  r.subject := l.subject;
  r.event := 'CONSENT_REVOKED';
  r.received_at := clock_timestamp();
  r.issued_at := greatest(r.received_at, (
    select max(o.issued_at) from registry.observations as o
    where (o.organization_id, o.issuer, o.subject) = (l.organization_id, l.issuer, l.subject) and o.member_id = l.member_id));
  r.late := false;
  r.by_member := true;
  insert into registry.revocations values (r.*) on conflict do nothing; -- a withdrawal of the same moment says the same
  perform private.revoke_login(l.id, r);
end
$$;
comment on function private.revoke_own_login is 'In: a link of the member who withdraws, locked. Marks link and consent, stops what was not sent, opens a case.';
-- end db/functions/own_record/private.revoke_own_login.sql

-- begin db/functions/own_record/private.withdrawable_providers.sql
-- There is something to withdraw where a login of the member can still bring a number, or where a number, or a consent, is left of one. A
-- provider whose message withdrew the consent before said so unverified: it can be withdrawn again, and then the number goes.
create or replace function private.withdrawable_providers(m registry.members)
returns registry.provider[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(distinct l.provider order by l.provider), '{}')
  from registry.identity_links as l
  where l.organization_id = m.organization_id and l.member_id = m.id
    and (l.revoked_at is null
      or m.personnummer_source::text = l.provider || '-login' and private.consent_is_basis(m)
      or exists (select from registry.consents as c where c.member_id = m.id and c.provider = l.provider and c.state = 'given'))
$$;
comment on function private.withdrawable_providers is 'In: a member. Out: the providers for which the member can withdraw consent now.';
-- end db/functions/own_record/private.withdrawable_providers.sql

-- begin db/functions/own_record/private.withdraw_my_consent.sql
-- What the provider's message does (private.revoke_login), and more, because this one is verified: a number that was stored with consent goes,
-- here and at the member system. The number is locked before the member, as by everybody who gives numbers to members.
create or replace function private.withdraw_my_consent()
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_member_id constant uuid := private.calling_member();
  m registry.members;
  v_providers registry.provider[];
  v_number text := 'none';
begin
  select known.* into m from registry.members as known where known.id = v_member_id;
  perform private.lock_number(m.organization_id, m.personnummer_masked) where m.personnummer_masked is not null;
  select known.* into m from registry.members as known where known.id = v_member_id for no key update;
  if m.id is null or private.calling_member() is distinct from m.id then -- merged, or signed out, while this waited
    return private.refuse('withdraw_my_consent', 'not_found', null);
  end if;
  v_providers := private.withdrawable_providers(m);
  if v_providers = '{}' then
    return private.refuse('withdraw_my_consent', 'nothing_to_withdraw', null);
  end if;
  perform private.revoke_own_login(l) from registry.identity_links as l
  where l.organization_id = m.organization_id and l.member_id = m.id and l.provider = any (v_providers);
  if private.consent_is_basis(m) then
    perform private.remove_consented_number(m);
    v_number := 'removed';
  elsif m.personnummer_index is not null then
    v_number := 'kept';
  end if;
  perform private.forget_withdrawn_numbers(m, v_providers);
  perform private.close_obsolete_cases(m.organization_id, array[m.id], 'app');
  return jsonb_build_object('providers', v_providers, 'number', v_number);
end
$$;
comment on function private.withdraw_my_consent is 'See api.withdraw_my_consent.';
grant execute on function private.withdraw_my_consent to authenticated;
-- end db/functions/own_record/private.withdraw_my_consent.sql

-- begin db/functions/own_record/api.withdraw_my_consent.sql
-- A member takes the consent back.
create or replace function api.withdraw_my_consent()
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.withdraw_my_consent();
end;
comment on function api.withdraw_my_consent is 'With a member''s own access token. Out: {"providers": those whose consent is withdrawn, "number": removed (the member system is told), kept (it has another legal basis) or none}; or a refusal with code and message (HTTP 404, 409). Changes that were not sent yet are stopped.';
grant execute on function api.withdraw_my_consent to authenticated;
-- end db/functions/own_record/api.withdraw_my_consent.sql

-- begin db/functions/own_record/private.my_record.sql
-- What a member is told of the own record, and whether its number has reached the member system: the newest change says how that stands, the
-- newest one that was carried there with this very number says since when.
create or replace function private.my_record()
returns table (
  organization text, organization_name text, member_external_id text, given_name text, family_name text, birth_date date, email text,
  phone text, personnummer_masked text, personnummer_source registry.source, personnummer_at timestamptz, legal_basis text,
  consent_is_basis boolean, delivery text, sent_to sync.member_system_kind, sent_at timestamptz, logins registry.provider[],
  created_at timestamptz, updated_at timestamptz, municipality text, address text, postal_code text, chapter text, member_since date,
  member_until date, dues jsonb
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select
    g.slug, g.name, m.external_id, m.given_name, m.family_name, m.birth_date, m.email, m.phone, m.personnummer_masked,
    m.personnummer_source, m.personnummer_at, case when m.personnummer_index is not null then g.capture_basis end,
    private.consent_is_basis(m),
    case
      when newest.id is null then 'none'
      when newest.settled_at is null then 'waiting'
      when newest.state <> 'delivered' then case when sent.settled_at is null then 'not_sent' else 'sent' end
      when newest.removal then 'removed'
      else 'sent'
    end,
    case when sent.settled_at is not null then s.kind end, sent.settled_at,
    array(select distinct l.provider from registry.identity_links as l
      where l.organization_id = m.organization_id and l.member_id = m.id order by l.provider),
    m.created_at, m.updated_at, coalesce(private.place_name(home.municipality, home.municipality_year), home.municipality_written), home.address,
    home.postal_code, home.chapter, stay.since, stay.until, coalesce((
      select jsonb_agg(jsonb_build_object('year', d.year, 'paid_on', d.paid_on, 'amount', d.amount) order by d.year desc)
      from reporting.dues as d where d.member_id = m.id), '[]')
  from registry.members as m
  join registry.organizations as g on g.id = m.organization_id
  left join sync.member_systems as s on s.organization_id = m.organization_id
  left join lateral (
    select p.* from sync.pushes as p where p.organization_id = m.organization_id and p.member_id = m.id
    order by p.created_at desc, p.id limit 1) as newest on true
  left join lateral (
    select max(p.settled_at) as settled_at from sync.pushes as p
    where p.organization_id = m.organization_id and p.member_id = m.id and p.state = 'delivered'
      and p.personnummer_index = m.personnummer_index) as sent on true
  left join lateral (
    select k.* from reporting.residences as k where k.member_id = m.id order by k.known_from desc limit 1) as home on true
  left join lateral (
    select k.* from reporting.memberships as k where k.member_id = m.id order by k.since desc nulls last limit 1) as stay on true
  where m.id = (select private.calling_member())
$$;
comment on function private.my_record is 'See api.my_record.';
grant execute on function private.my_record to authenticated; -- called by the view
-- end db/functions/own_record/private.my_record.sql

-- begin db/functions/own_record/api.my_record.sql
-- A member asks: what do you have on me?
create or replace view api.my_record with (security_invoker = true) as
select
  r.organization, r.organization_name, r.member_external_id, r.given_name, r.family_name, r.birth_date, r.email, r.phone,
  r.personnummer_masked, r.personnummer_source, r.personnummer_at, r.legal_basis, r.consent_is_basis, r.delivery, r.sent_to,
  r.sent_at, r.logins, r.created_at, r.updated_at, r.municipality, r.address, r.postal_code, r.chapter, r.member_since, r.member_until, r.dues
from private.my_record() as r;
comment on view api.my_record is 'The record of the member whose access token it is: one row, or none for anybody else.';
comment on column api.my_record.organization is 'The organisation (slug).';
comment on column api.my_record.organization_name is 'The organisation, for people.';
comment on column api.my_record.member_external_id is 'The member''s number in the member system.';
comment on column api.my_record.given_name is 'Given name.';
comment on column api.my_record.family_name is 'Family name.';
comment on column api.my_record.birth_date is 'Birth date.';
comment on column api.my_record.email is 'E-mail address.';
comment on column api.my_record.phone is 'Phone, E.164.';
comment on column api.my_record.personnummer_masked is 'The recorded personnummer, masked; null: none.';
comment on column api.my_record.personnummer_source is 'Where it came from.';
comment on column api.my_record.personnummer_at is 'Since when it is recorded.';
comment on column api.my_record.legal_basis is 'The organisation''s legal basis for keeping it, in its own words; null: there is no number.';
comment on column api.my_record.consent_is_basis is 'Whether it was stored with consent: then api.withdraw_my_consent removes it.';
comment on column api.my_record.delivery is 'Whether it reached the member system: none (nothing was to be carried), waiting, sent, not_sent (refused or stopped), removed (taken out there).';
comment on column api.my_record.sent_to is 'How it was carried: over an interface (http), in a sealed file (file), by a person (worklist); null: the number of now was not.';
comment on column api.my_record.sent_at is 'When the number of now was carried there last.';
comment on column api.my_record.logins is 'What the member can log in with.';
comment on column api.my_record.created_at is 'When the record was made here.';
comment on column api.my_record.updated_at is 'When it was last changed.';
comment on column api.my_record.municipality is 'Municipality, as the last import had it.';
comment on column api.my_record.address is 'Address.';
comment on column api.my_record.postal_code is 'Postal code.';
comment on column api.my_record.chapter is 'Local chapter.';
comment on column api.my_record.member_since is 'First day of membership.';
comment on column api.my_record.member_until is 'Last day of membership; null: still a member.';
comment on column api.my_record.dues is 'What was paid, the last year first: [{"year", "paid_on", "amount"}], in øre.';
grant select on api.my_record to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.my_record
for each row execute function private.tg__refuse_write();
-- end db/functions/own_record/api.my_record.sql

-- begin db/functions/figures/api.open_case_ages.sql
-- How long cases have waited. Five classes, each with a row also where it is empty, so that a chart needs nothing else. Each is a stretch of an
-- index by age, counted for itself.
create or replace view api.open_case_ages with (security_invoker = true) as
select
  g.slug as organization, k.age, c.cases
from registry.organizations as g
cross join (
  values ('longer', interval '1000 years', interval '90 days'), ('quarter', interval '90 days', interval '30 days'),
    ('month', interval '30 days', interval '7 days'), ('week', interval '7 days', interval '1 day'), ('day', interval '1 day', interval '-1 day')
) as k(age, since, until)
cross join lateral (
  select count(*) as cases from registry.conflicts as each
  where each.organization_id = g.id and each.closed_at is null
    and each.opened_at >= now() - k.since and each.opened_at < now() - k.until
) as c;
comment on view api.open_case_ages is 'Cases that wait for coordinators of the reader''s organisations, open or proposed, by how long ago they were opened.';
comment on column api.open_case_ages.organization is 'Whose cases (slug).';
comment on column api.open_case_ages.age is 'day: opened within the last day; week: within seven days, but before; month: 30 days; quarter: 90 days; longer: earlier.';
comment on column api.open_case_ages.cases is 'How many.';
grant select on api.open_case_ages to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.open_case_ages
for each row execute function private.tg__refuse_write();
-- end db/functions/figures/api.open_case_ages.sql

-- begin db/functions/conflicts/private.decisions_of_case.sql
-- Which decisions make sense for which kind of case, in the order in which they are offered. A case that an import opened is about records
-- only: no login could be excluded from anybody.
create or replace function private.decisions_of_case(
  p_kind registry.conflict_kind, p_member_id uuid, p_other_member_id uuid, p_candidates uuid[], p_observation_id uuid
)
returns text[]
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array_remove(array[
    case when p_kind in ('mismatch', 'name_mismatch', 'subject_moved') or p_kind = 'ambiguous' and cardinality(p_candidates) = 1
      then 'accept_observed' end,
    case when p_kind = 'receiver_key' then 'accept_receiver_key' end,
    case when p_kind = 'erasure' then 'erase_member' end,
    case when p_kind = 'grant_snapshot' then 'freeze_snapshot' end,
    'keep_existing',
    case when p_observation_id is not null and (p_kind in ('mismatch', 'duplicate', 'ambiguous', 'name_mismatch', 'subject_moved')
      or p_kind = 'inconsistent' and p_member_id is not null) then 'not_same_person' end,
    case when p_kind in ('duplicate', 'subject_moved') or p_kind = 'mismatch' and p_other_member_id is not null then 'merge_into' end
  ], null);
end
$$;
comment on function private.decisions_of_case is 'In: what a case is about. Out: the decisions that can be made of it.';
grant execute on function private.decisions_of_case to authenticated; -- called by api.open_conflicts
-- end db/functions/conflicts/private.decisions_of_case.sql

-- begin db/functions/conflicts/private.why_not_resolve.sql
-- The reasons for which a decision is refused, in the order in which a person would want to hear them. docs/error-codes.md
-- lists the codes.
create or replace function private.why_not_resolve(
  c registry.conflicts, o registry.observations, p_decision text, p_expected_version integer
)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when c.id is null then 'not_found'
    when p_expected_version is distinct from c.version then 'stale_version'
    when c.closed_at is not null then 'not_open'
    when c.state = 'proposed' then 'awaits_approval'
    when p_decision is null or p_decision <> all (
      array['accept_observed', 'keep_existing', 'not_same_person', 'merge_into', 'accept_receiver_key', 'erase_member',
        'freeze_snapshot']) then 'unknown_decision'
    when p_decision <> all (private.decisions_of_case(c.kind, c.member_id, c.other_member_id, c.candidates, c.observation_id))
      then 'decision_not_applicable'
    else private.why_not_decide(c, o, p_decision::registry.decision)
  end
$$;
comment on function private.why_not_resolve is 'In: a locked case (null: not visible), its evidence (private.evidence_of_case), the decision, the version the coordinator saw. Out: code of the refusal, null: go ahead.';
-- end db/functions/conflicts/private.why_not_resolve.sql

-- begin db/functions/conflicts/private.settle_case.sql
-- Settling a case, in order: look whether it may be done; do it, or propose it; write it down.
create or replace function private.settle_case(c registry.conflicts, p_decision text, p_note text, p_expected_version integer)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o constant registry.observations := private.evidence_of_case(c);
  v_refusal constant text := coalesce(private.why_not_resolve(c, o, p_decision, p_expected_version), private.why_not_note(p_note),
    case when p_decision = 'erase_member' then private.why_not_reason(c.member_id, p_note) end);
begin
  if v_refusal is not null then
    return private.refusal(v_refusal);
  elsif private.needs_approval(c.organization_id, p_decision::registry.decision, c.kind) then
    return private.propose_decision(c, p_decision::registry.decision, p_note);
  end if;
  return private.carry_out(c, o, p_decision::registry.decision, p_note);
end
$$;
comment on function private.settle_case is 'In: a locked case (null: not visible), decision, note, the version that the coordinator saw. Out: the case, settled or proposed, or a refusal, which the caller audits.';
-- end db/functions/conflicts/private.settle_case.sql

-- begin db/functions/conflicts/private.resolve_conflict.sql
-- One case. A refusal sets the HTTP status here; for many cases (private.resolve_conflicts) it is part of each answer.
create or replace function private.resolve_conflict(p_conflict_id uuid, p_decision text, p_note text, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c constant registry.conflicts := private.lock_case(p_conflict_id);
begin
  return private.answer('resolve_conflict', p_conflict_id, private.settle_case(c, p_decision, p_note, p_expected_version));
end
$$;
comment on function private.resolve_conflict is 'See api.resolve_conflict.';
grant execute on function private.resolve_conflict to authenticated;
-- end db/functions/conflicts/private.resolve_conflict.sql

-- begin db/functions/conflicts/api.resolve_conflict.sql
-- A coordinator settles a case. Runs with the caller's rights; the rules, and the rights they need, are behind it.
create or replace function api.resolve_conflict(conflict_id uuid, decision text, note text, expected_version integer)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.resolve_conflict(
    resolve_conflict.conflict_id, resolve_conflict.decision, resolve_conflict.note, resolve_conflict.expected_version);
end;
comment on function api.resolve_conflict is 'In: case; one of its decisions (api.open_conflicts.decisions); a note; the version of the case that was decided on. Out: the settled case; where a second coordinator must approve, the proposed one; or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.resolve_conflict to authenticated;
-- end db/functions/conflicts/api.resolve_conflict.sql

-- begin db/functions/conflicts/private.resolve_conflicts.sql
-- Each case is settled as if it were alone (private.settle_case): a refusal of one is its answer, and the others go on. A case that an earlier
-- one of them has settled or changed is read again, so its version tells.
create or replace function private.resolve_conflicts(p_conflict_ids uuid[], p_decision text, p_note text, p_expected_versions integer[])
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_classes integer;
  v_answers jsonb := '[]'::jsonb;
  v_answer jsonb;
  v_asked record;
  c registry.conflicts;
begin
  if cardinality(p_conflict_ids) between 1 and 200 is not true or cardinality(p_conflict_ids) is distinct from cardinality(p_expected_versions) then
    return private.refuse('resolve_conflicts', 'number_of_cases', null);
  end if;
  select count(distinct (locked.kind, locked.class))::integer
  into v_classes from private.lock_cases(p_conflict_ids) as locked;
  if v_classes > 1 then
    return private.refuse('resolve_conflicts', 'several_classes', null);
  end if;
  for v_asked in
    select a.id, a.version from unnest(p_conflict_ids, p_expected_versions) with ordinality as a(id, version, nth) order by a.nth
  loop
    select known.* into c from registry.conflicts as known
    where known.id = v_asked.id and known.organization_id = any (private.coordinator_organizations());
    v_answer := private.settle_case(c, p_decision, p_note, v_asked.version);
    if v_answer ? 'code' then
      perform private.record_refusal('resolve_conflicts', v_answer ->> 'code', v_asked.id);
    end if;
    v_answers := v_answers || jsonb_build_array(jsonb_build_object('conflict_id', v_asked.id) || v_answer);
  end loop;
  return v_answers;
end
$$;
comment on function private.resolve_conflicts is 'See api.resolve_conflicts.';
grant execute on function private.resolve_conflicts to authenticated;
-- end db/functions/conflicts/private.resolve_conflicts.sql

-- begin db/functions/conflicts/api.resolve_conflicts.sql
-- One decision about many cases that ask the same question.
create or replace function api.resolve_conflicts(conflict_ids uuid[], decision text, note text, expected_versions integer[])
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.resolve_conflicts(
    resolve_conflicts.conflict_ids, resolve_conflicts.decision, resolve_conflicts.note, resolve_conflicts.expected_versions);
end;
comment on function api.resolve_conflicts is 'In: up to 200 cases of one kind and class (api.open_conflicts.class), a decision, a note, beside each case the version that was decided on. Out: an array with the answer for each, as api.resolve_conflict gives it, in the same order; or, for all, a refusal with code and message (HTTP 422).';
grant execute on function api.resolve_conflicts to authenticated;
-- end db/functions/conflicts/api.resolve_conflicts.sql

-- begin db/functions/conflicts/api.open_conflicts.sql
-- What a coordinator has to judge. Numbers are masked, and only the own organisations' rows pass row security. Most cases are nobody's and have
-- no proposal, so functions are asked only where there is something to ask. Decisions are worked out once, and each record, login and coordinator is
-- looked up by itself ("offset 0"): PostgREST gives the limit as a parameter, so every page is planned anew, and planning the joins in all
-- their orders would take longer than the page.
create or replace view api.open_conflicts with (security_invoker = true) as
select
  c.id, g.slug as organization, c.kind_name as kind, c.state, c.version, c.opened_at, c.seen, c.last_seen_at,
  c.member_id, m.external_id as member_external_id, m.given_name as member_given_name, m.family_name as member_family_name,
  m.birth_date as member_birth_date, m.email as member_email, m.phone as member_phone, m.personnummer_masked as recorded_personnummer,
  c.other_member_id, n.external_id as other_member_external_id, n.given_name as other_member_given_name,
  n.family_name as other_member_family_name,
  c.candidates, c.observation_id, o.provider,
  coalesce(o.personnummer_masked, c.detail ->> 'personnummer') as observed_personnummer,
  o.given_name as observed_given_name, o.family_name as observed_family_name, o.birth_date as observed_birth_date,
  o.email as observed_email, o.email_verified as observed_email_verified,
  o.phone as observed_phone, o.phone_verified as observed_phone_verified, o.authenticated_at,
  c.push_id, c.detail,
  (select count(*)::integer from sync.pushes as p where p.waits_for_conflict_id = c.id) as waiting_changes,
  d.decisions,
  private.decisions_for_two(
    case when c.kind in ('ambiguous', 'name_mismatch') then d.decisions || '{link_login}' else d.decisions end, g.second_approval, c.kind
  ) as need_approval,
  c.class,
  a.user_id as assigned_to,
  case when a.user_id is not null then private.coordinator_name(ka.name, ka.email, a.user_id) end as assigned_name,
  case when a.user_id is not null then c.assigned_until end as assigned_until,
  case when c.postponed_until is not null and c.postponed_until > private.today() then c.postponed_until end as postponed_until,
  (select count(*)::integer from registry.conflict_comments as k where k.organization_id = c.organization_id and k.conflict_id = c.id) as comments,
  (c.proposal).decision as proposed_decision, a.proposed_by,
  case when a.proposed_by is not null then private.coordinator_name(kp.name, kp.email, a.proposed_by) end as proposed_by_name,
  (c.proposal).at as proposed_at, (c.proposal).note as proposal_note
from registry.conflicts as c
cross join lateral (select r.slug, r.second_approval from registry.organizations as r where r.id = c.organization_id offset 0) as g
left join lateral (
  select r.external_id, r.given_name, r.family_name, r.birth_date, r.email, r.phone, r.personnummer_masked
  from registry.members as r where r.id = c.member_id offset 0
) as m on true
left join lateral (
  select r.external_id, r.given_name, r.family_name from registry.members as r where r.id = c.other_member_id offset 0
) as n on true
left join lateral (
  select r.provider, r.personnummer_masked, r.given_name, r.family_name, r.birth_date, r.email, r.email_verified, r.phone, r.phone_verified,
    r.authenticated_at
  from registry.observations as r where r.id = c.observation_id offset 0
) as o on true
cross join lateral (
  select private.decisions_of_case(c.kind, c.member_id, c.other_member_id, c.candidates, c.observation_id) offset 0
) as d(decisions)
cross join lateral (
  select case when c.assigned_to is not null and private.is_assigned(c.assigned_to, c.assigned_until) then c.assigned_to end,
    case when c.state = 'proposed' then private.user_of_actor((c.proposal).by) end offset 0
) as a(user_id, proposed_by)
left join lateral (
  select k.name, k.email from registry.coordinators as k where k.user_id = a.user_id and k.organization_id = c.organization_id offset 0
) as ka on true
left join lateral (
  select k.name, k.email from registry.coordinators as k where k.user_id = a.proposed_by and k.organization_id = c.organization_id offset 0
) as kp on true
where c.closed_at is null;
comment on view api.open_conflicts is 'Open and proposed cases of the coordinator''s organisations. Numbers are masked.';
comment on column api.open_conflicts.id is 'The case; api.resolve_conflict takes it.';
comment on column api.open_conflicts.organization is 'Whose coordinators see it (slug).';
comment on column api.open_conflicts.kind is 'What is to be judged.';
comment on column api.open_conflicts.state is 'open; or proposed: a decision waits for a second coordinator (api.approvals).';
comment on column api.open_conflicts.version is 'What resolve_conflict wants as expected_version: it rises with every change that a coordinator must have seen.';
comment on column api.open_conflicts.opened_at is 'When it was opened.';
comment on column api.open_conflicts.seen is 'How many times the same disagreement was seen.';
comment on column api.open_conflicts.last_seen_at is 'When it was last seen.';
comment on column api.open_conflicts.member_id is 'The member concerned, where one is certain.';
comment on column api.open_conflicts.member_external_id is 'That member''s number in the member system.';
comment on column api.open_conflicts.member_given_name is 'Given name on the record.';
comment on column api.open_conflicts.member_family_name is 'Family name on the record.';
comment on column api.open_conflicts.member_birth_date is 'Birth date on the record.';
comment on column api.open_conflicts.member_email is 'E-mail address on the record.';
comment on column api.open_conflicts.member_phone is 'Phone on the record.';
comment on column api.open_conflicts.recorded_personnummer is 'Number on the record, masked.';
comment on column api.open_conflicts.other_member_id is 'The other member who already has the number.';
comment on column api.open_conflicts.other_member_external_id is 'That member''s number in the member system.';
comment on column api.open_conflicts.other_member_given_name is 'Given name on that record.';
comment on column api.open_conflicts.other_member_family_name is 'Family name on that record.';
comment on column api.open_conflicts.candidates is 'The members it might be, where none is certain.';
comment on column api.open_conflicts.observation_id is 'The login that first showed it.';
comment on column api.open_conflicts.provider is 'What the person logged in with.';
comment on column api.open_conflicts.observed_personnummer is 'Number that the login or the import brought, masked.';
comment on column api.open_conflicts.observed_given_name is 'Given name that the login brought.';
comment on column api.open_conflicts.observed_family_name is 'Family name that the login brought.';
comment on column api.open_conflicts.observed_birth_date is 'Birth date that the login brought.';
comment on column api.open_conflicts.observed_email is 'E-mail address that the login brought.';
comment on column api.open_conflicts.observed_email_verified is 'Whether the provider has verified it.';
comment on column api.open_conflicts.observed_phone is 'Phone that the login brought.';
comment on column api.open_conflicts.observed_phone_verified is 'Whether the provider has verified it.';
comment on column api.open_conflicts.authenticated_at is 'When the person authenticated.';
comment on column api.open_conflicts.push_id is 'The push that failed.';
comment on column api.open_conflicts.waiting_changes is 'How many changes of records wait for the case before they are sent to the member system.';
comment on column api.open_conflicts.detail is 'What agreed and what disagreed; never a number.';
comment on column api.open_conflicts.decisions is 'Which decisions can be made of it, in the order in which they are offered.';
comment on column api.open_conflicts.need_approval is 'Which of them a second coordinator must approve; link_login among them where that is so of linking the login of this case by hand.';
comment on column api.open_conflicts.class is 'Cases of one kind and class may be settled together (api.resolve_conflicts). To be compared, not to be shown.';
comment on column api.open_conflicts.assigned_to is 'Who looks after it (user id).';
comment on column api.open_conflicts.assigned_name is 'Who looks after it, for people.';
comment on column api.open_conflicts.assigned_until is 'When that ends, unless they do something about it before.';
comment on column api.open_conflicts.postponed_until is 'The day on which it comes back; null: it is not postponed.';
comment on column api.open_conflicts.comments is 'How many comments it has (api.conflict_comments).';
comment on column api.open_conflicts.proposed_decision is 'The decision that waits for a second coordinator.';
comment on column api.open_conflicts.proposed_by is 'Who proposed it (user id).';
comment on column api.open_conflicts.proposed_by_name is 'Who proposed it, for people.';
comment on column api.open_conflicts.proposed_at is 'When.';
comment on column api.open_conflicts.proposal_note is 'The note of the one who proposed it.';
grant select on api.open_conflicts to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.open_conflicts
for each row execute function private.tg__refuse_write();
-- end db/functions/conflicts/api.open_conflicts.sql

-- begin db/functions/assignment/private.postpone_conflict.sql
-- There is nothing to decide before a certain day. The case comes back by itself: then, or as soon as it changes.
create or replace function private.postpone_conflict(p_conflict_id uuid, p_until date, p_note text)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts := private.lock_case(p_conflict_id);
  v_refusal constant text := case
    when c.id is null then 'not_found'
    when c.closed_at is not null then 'not_open'
    when c.state = 'proposed' then 'awaits_approval'
    when p_until <= private.today() or p_until > private.today() + 366 then 'date_unusable'
    else coalesce(private.why_not_note(p_note), private.why_not_comment(c.id))
  end;
begin
  if v_refusal is not null then
    return private.refuse('postpone_conflict', v_refusal, p_conflict_id);
  end if;
  update registry.conflicts set postponed_until = p_until where id = c.id returning * into c;
  perform private.write_comment(c, private.caller_id(), p_note);
  perform private.keep_assignment(c.id);
  perform private.record_repeatable(private.actor() || ' ' || c.id, 'case_postponed', 'coordinator', c.organization_id,
    case when p_until is null then 'The case is no longer postponed.' else format('A coordinator postponed the case until %s.', p_until) end,
    p_member_id => coalesce(c.member_id, c.candidates[1]), p_conflict_id => c.id, p_push_id => c.push_id,
    p_detail => jsonb_build_object('kind', c.kind, 'until', p_until));
  return private.describe_case(c) || jsonb_build_object('postponed_until', c.postponed_until);
end
$$;
comment on function private.postpone_conflict is 'See api.postpone_conflict.';
grant execute on function private.postpone_conflict to authenticated;
-- end db/functions/assignment/private.postpone_conflict.sql

-- begin db/functions/assignment/api.postpone_conflict.sql
-- A coordinator puts a case off.
create or replace function api.postpone_conflict(conflict_id uuid, until date, note text)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.postpone_conflict(postpone_conflict.conflict_id, postpone_conflict.until, postpone_conflict.note);
end;
comment on function api.postpone_conflict is 'In: an open case; the day on which it is to come back (from tomorrow, within a year; null: it is no longer postponed); a note, which becomes a comment. Out: the case, or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.postpone_conflict to authenticated;
-- end db/functions/assignment/api.postpone_conflict.sql

-- begin db/functions/files_and_worklist/private.key_thumbprint.sql
-- How two people compare a public key over the telephone: RFC 7638. Only what the key itself is counts, in the order of the letters.
create or replace function private.key_thumbprint(p_public_jwk jsonb)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select translate(encode(sha256(convert_to('{' || (
    select string_agg(to_json(m.name)::text || ':' || (p_public_jwk -> m.name)::text, ',' order by m.nth)
    from unnest(array['crv', 'kty', 'x', 'y']) with ordinality as m(name, nth) where p_public_jwk ? m.name
  ) || '}', 'UTF8')), 'base64'), '+/=', '-_')
$$;
comment on function private.key_thumbprint is 'In: a public JWK (OKP or EC). Out: its thumbprint (SHA-256, base64url); null: no key.';
-- end db/functions/files_and_worklist/private.key_thumbprint.sql

-- begin db/functions/files_and_worklist/private.is_on_curve.sql
-- A point that is not on the curve is no key: the worker could seal nothing for it. y^2 = x^3 - 3x + b (FIPS 186-5, P-256).
create or replace function private.is_on_curve(p_x bytea, p_y bytea)
returns boolean
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_p constant numeric := 115792089210356248762697446949407573530086143415290314195533631308867097853951;
  c_b constant numeric := 41058363725152142129326129780047268409114441015993725554835256314039467401291;
  x numeric := 0;
  y numeric := 0;
begin
  for i in 0 .. 31 loop
    x := x * 256 + get_byte(p_x, i);
    y := y * 256 + get_byte(p_y, i);
  end loop;
  return x < c_p and y < c_p and (y * y - x * x * x + 3 * x - c_b) % c_p = 0;
end
$$;
comment on function private.is_on_curve is 'In: two coordinates of 32 bytes. Out: whether they are a point of P-256.';
-- end db/functions/files_and_worklist/private.is_on_curve.sql

-- begin db/functions/files_and_worklist/private.read_coordinate.sql
-- The 32 bytes of a coordinate, written in base64url the one way in which they can be.
create or replace function private.read_coordinate(p_text text)
returns bytea
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_bytes bytea;
begin
  if p_text ~ '^[A-Za-z0-9_-]{43}$' then
    v_bytes := decode(translate(p_text, '-_', '+/') || '=', 'base64');
  end if;
  return case when translate(encode(v_bytes, 'base64'), '+/=', '-_') = p_text then v_bytes end;
end
$$;
comment on function private.read_coordinate is 'In: a coordinate of a JWK. Out: its 32 bytes; null: it is none.';
-- end db/functions/files_and_worklist/private.read_coordinate.sql

-- begin db/functions/files_and_worklist/private.why_not_key.sql
-- What the worker seals for is a public key, X25519 or P-256. A private one is refused before anything else: it was meant for nobody. Some points
-- of X25519 have so small an order that no secret can be agreed on with them.
create or replace function private.why_not_key(p_jwk jsonb)
returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  x constant bytea := private.read_coordinate(p_jwk ->> 'x');
  y constant bytea := private.read_coordinate(p_jwk ->> 'y');
  c_small constant text[] := array[
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'];
begin
  return case
    when jsonb_typeof(p_jwk) is distinct from 'object' then 'key_unusable'
    when p_jwk ?| array['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] then 'key_is_private'
    when p_jwk ->> 'kty' = 'OKP' and p_jwk ->> 'crv' = 'X25519' and x is not null and not p_jwk ? 'y' then
      case when encode(set_byte(x, 31, get_byte(x, 31) & 127), 'hex') = any (c_small) then 'key_unusable' end
    when p_jwk ->> 'kty' = 'EC' and p_jwk ->> 'crv' = 'P-256' and private.is_on_curve(x, y) then null
    else 'key_unusable'
  end;
end
$$;
comment on function private.why_not_key is 'In: what is said to be a public JWK. Out: code of the refusal, null: the worker can seal for it.';
-- end db/functions/files_and_worklist/private.why_not_key.sql

-- begin db/functions/files_and_worklist/private.propose_receiver_key.sql
-- Another key for the worklist and the files. It is a case, of which an organisation has one at a time: the key is stored when a second coordinator
-- has compared the fingerprint, or at once where the organisation does not ask for that. The key is called by its fingerprint, whatever it was
-- called before.
create or replace function private.propose_receiver_key(p_organization text, p_public_jwk jsonb)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s sync.member_systems;
  c registry.conflicts;
  v_known registry.conflicts;
  v_refusal text;
  v_thumbprint text;
begin
  select known.* into s from sync.member_systems as known join registry.organizations as g on g.id = known.organization_id
  where g.slug = p_organization and g.id = any (private.coordinator_organizations());
  v_refusal := case when s.id is null then 'not_found' else private.why_not_key(p_public_jwk) end;
  if v_refusal is null then
    v_known := private.lock_case(known.id) from registry.conflicts as known
      where known.organization_id = s.organization_id and known.fingerprint = 'receiver_key' and known.closed_at is null;
    v_refusal := case when v_known.state = 'proposed' then 'awaits_approval' end;
  end if;
  if v_refusal is not null then
    return private.refuse('propose_receiver_key', v_refusal, v_known.id);
  end if;
  perform private.supersede_cases(array[v_known.id], 'coordinator', 'Another key was proposed.');
  v_thumbprint := private.key_thumbprint(p_public_jwk);
  c.organization_id := s.organization_id;
  c.kind := 'receiver_key';
  c.fingerprint := 'receiver_key';
  c.detail := jsonb_strip_nulls(jsonb_build_object(
    'fingerprint', v_thumbprint, 'replaces', private.key_thumbprint(s.receiver_key),
    'public_jwk', jsonb_build_object('kid', v_thumbprint, 'kty', p_public_jwk -> 'kty', 'crv', p_public_jwk -> 'crv', 'x', p_public_jwk -> 'x',
      'y', p_public_jwk -> 'y')));
  c := private.open_case(c);
  if c.seen > 1 then -- a colleague proposed one at this moment
    return private.refuse('propose_receiver_key', 'awaits_approval', c.id);
  end if;
  return private.answer('propose_receiver_key', c.id, private.settle_case(c, 'accept_receiver_key', null, c.version));
end
$$;
comment on function private.propose_receiver_key is 'See api.propose_receiver_key.';
grant execute on function private.propose_receiver_key to authenticated;
-- end db/functions/files_and_worklist/private.propose_receiver_key.sql

-- begin db/functions/files_and_worklist/api.propose_receiver_key.sql
-- A coordinator has made a new pair of keys in the browser, and hands over the public one.
create or replace function api.propose_receiver_key(organization text, public_jwk jsonb)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.propose_receiver_key(propose_receiver_key.organization, propose_receiver_key.public_jwk);
end;
comment on function api.propose_receiver_key is 'In: an organisation (slug); a public JWK, X25519 or P-256. Out: a case of kind receiver_key, proposed, or settled where no second coordinator has to approve it; or a refusal with code and message (HTTP 404, 409, 422). The fingerprint (RFC 7638) is in its detail, and becomes the kid.';
grant execute on function api.propose_receiver_key to authenticated;
-- end db/functions/files_and_worklist/api.propose_receiver_key.sql

-- begin db/functions/undo/private.reopen_superseded.sql
-- Cases that were obsolete while two records were one are questions again, but for those that somebody has asked anew since, that are about a
-- record which was merged since, or that the numbers have answered. A mismatch may also have been asked anew and settled for good.
create or replace function private.reopen_superseded(p_ids uuid[])
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_case registry.conflicts;
begin
  for v_case in
    update registry.conflicts as c
    set state = 'open', superseded_by = null, closed_at = null, version = version + 1
    where c.state = 'superseded' and c.id = any (p_ids)
      and private.is_obsolete(c, private.evidence_of_case(c)) is not true
      and not exists (
        select from registry.members as m
        where m.id = any (c.candidates || array[c.member_id, c.other_member_id]) and m.merged_into is not null)
      and not exists (select from private.same_disagreement(c) as known where known.closed_at is null or c.kind = 'mismatch')
    returning c.*
  loop
    perform private.record_case_event('case_reopened', v_case, 'The records were separated again; the case is open again.');
  end loop;
end
$$;
comment on function private.reopen_superseded is 'In: ids of cases that a merge closed. Opens those that are a question still, and not open by another case already.';
-- end db/functions/undo/private.reopen_superseded.sql

-- begin db/functions/conflicts/private.separate_members.sql
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
-- end db/functions/conflicts/private.separate_members.sql

-- begin db/functions/undo/private.restore_before.sql
-- The reverse of what a decision did, step by step, from what was kept with it.
create or replace function private.restore_before(c registry.conflicts, b registry.before_decision)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations;
begin
  select known.* into o from registry.observations as known where known.id = c.observation_id;
  delete from registry.excluded_links as x
  where (x.organization_id, x.issuer, x.subject) = (o.organization_id, o.issuer, o.subject) and x.member_id = any (b.excluded);
  if b.survivor is not null then
    perform private.separate_members(c, b);
  elsif b.member_id is not null then
    perform private.change_number(c.organization_id, b.member_id, b.number, 'number_restored',
      format('The record has the personnummer again that it had before the decision (%s).', coalesce((b.number).masked, 'none')), c.id);
  end if;
  if b.link_before is not null then
    perform private.set_link(o, b.link_before);
  elsif b.link_after is not null then
    perform private.remove_link(o, b.link_after, 'The link was taken back with the decision that made it.', c.id);
  end if;
end
$$;
comment on function private.restore_before is 'In: a locked case, the state before its decision. Puts that state back.';
-- end db/functions/undo/private.restore_before.sql

-- begin db/functions/undo/private.why_not_undo.sql
-- A decision can be taken back while nothing newer stands on it: the record unchanged since, the login where it was put, nobody
-- else with the number that would come back, and the same disagreement not open anew. What was sent cannot be unsent.
create or replace function private.why_not_undo(c registry.conflicts, r registry.resolutions)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  b constant registry.before_decision := r.before;
begin
  return case
    when c.id is null then 'not_found'
    when c.erased_at is not null or exists (
      select from registry.members as m
      where m.id = any (c.candidates || array[c.member_id, c.other_member_id, b.link_before, b.link_after]) and m.erasure_id is not null)
      then 'member_erased'
    when private.undo_until(c.kind, r.decision, r.decided_at) is null then 'not_resolved'
    when private.undo_until(c.kind, r.decision, r.decided_at) < now() then 'too_late'
    when (select count(*) >= 20 from registry.resolutions as known where known.conflict_id = c.id and known.undone_at is not null)
      then 'undone_too_often'
    when b.member_id is not null and b.version_after is distinct from (
      select m.version from registry.members as m where m.id = b.member_id) then 'newer_change'
    when (b.survivor_number).index is not null and not exists (
      select from registry.members as m where m.id = b.survivor and private.has_number(m, b.survivor_number)) then 'newer_change'
    when num_nonnulls(b.link_before, b.link_after) > 0 and b.link_after is distinct from (
      select private.linked_member(o) from registry.observations as o where o.id = c.observation_id) then 'newer_change'
    when exists ( -- the survivor is no more, and what went to it has gone on
      select from registry.members as m where m.id = b.survivor and m.merged_into is not null) then 'newer_change'
    when exists ( -- it would go back to a record that is no more, or ask about one
      select from registry.members as m
      where m.organization_id = c.organization_id and m.merged_into is not null
        and (m.id = b.link_before or m.id = any (b.excluded)
          or b.survivor is null and m.id = any (c.candidates || array[c.member_id, c.other_member_id]))) then 'newer_change'
    when r.decision = 'keep_existing' and private.is_obsolete(c, private.evidence_of_case(c)) then 'newer_change' -- there is nothing left to ask
    when exists ( -- somebody else has the number that would come back
      select from registry.members as m
      where m.organization_id = c.organization_id
        and (m.personnummer_index = (b.number).index
          or m.personnummer_masked = (b.number).masked and private.has_number(m, b.number)) -- under another key
        and m.id <> b.member_id
        and not ((b.survivor_number).index is not null and m.id = b.survivor)) then 'newer_change'
    when exists (select from private.same_disagreement(c) as other where other.closed_at is null) then 'newer_change'
  end;
end
$$;
comment on function private.why_not_undo is 'In: a locked case (null: not visible), its decision in force. Out: code of the refusal, null: go ahead.';
-- end db/functions/undo/private.why_not_undo.sql

-- begin db/functions/undo/private.undo_resolution.sql
-- Taking a decision back: the record as it was, a compensating push, the case open again. What somebody else opens or takes while
-- this runs is met by a unique index; it is something newer too, and PostgreSQL's own words would show values.
create or replace function private.undo_resolution(p_conflict_id uuid, p_note text)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
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
    set state = 'open', decision = null, decided_by = null, proposal = null, closed_at = null, version = version + 1
    where id = c.id
    returning * into c;
  exception when unique_violation then
    return private.refuse('undo_resolution', 'newer_change', p_conflict_id);
  end;
  perform private.record_case_event('case_reopened', c, 'A coordinator took the decision back; the case is open again.');
  -- The records may have got other numbers since: then the link is what comes back, and there is nothing to ask.
  perform private.close_obsolete_cases(c.organization_id, array[c.member_id], 'coordinator');
  select known.* into c from registry.conflicts as known where known.id = c.id;
  return private.describe_case(c);
end
$$;
comment on function private.undo_resolution is 'See api.undo_resolution.';
grant execute on function private.undo_resolution to authenticated;
-- end db/functions/undo/private.undo_resolution.sql

-- begin db/functions/undo/api.undo_resolution.sql
-- Within 30 days a decision can be taken back, unless something newer depends on it.
create or replace function api.undo_resolution(conflict_id uuid, note text)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.undo_resolution(undo_resolution.conflict_id, undo_resolution.note);
end;
comment on function api.undo_resolution is 'In: a settled case, a note. Out: the case, open again, or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.undo_resolution to authenticated;
-- end db/functions/undo/api.undo_resolution.sql

-- begin db/functions/conflicts/api.settled_conflicts.sql
-- What coordinators decided, so that it can be looked up, and taken back, days later. Whether there is still time is said here, by the same clock
-- that private.why_not_undo goes by: nobody who reads it needs one.
-- Records and login are looked up as in api.open_conflicts.
create or replace view api.settled_conflicts with (security_invoker = true) as
select
  c.id, g.slug as organization, c.kind_name as kind, c.decision, private.user_of_actor(c.decided_by) as decided_by, c.closed_at as settled_at, c.note,
  case
    when c.erased_at is null and private.undo_until(c.kind, r.decision, r.decided_at) >= now()
      then private.undo_until(c.kind, r.decision, r.decided_at)
  end as undo_until,
  private.user_of_actor((c.proposal).by) as proposed_by,
  c.version, c.member_id, m.external_id as member_external_id, m.given_name as member_given_name, m.family_name as member_family_name,
  m.personnummer_masked as recorded_personnummer, c.other_member_id, n.external_id as other_member_external_id, c.candidates,
  c.observation_id, o.provider, coalesce(o.personnummer_masked, c.detail ->> 'personnummer') as observed_personnummer,
  o.given_name as observed_given_name, o.family_name as observed_family_name, c.push_id, c.opened_at, c.detail
from registry.conflicts as c
cross join lateral (select r.slug from registry.organizations as r where r.id = c.organization_id offset 0) as g
left join lateral (
  select d.decision, d.decided_at from registry.resolutions as d where d.conflict_id = c.id and d.undone_at is null offset 0
) as r on true
left join lateral (
  select r.external_id, r.given_name, r.family_name, r.personnummer_masked from registry.members as r where r.id = c.member_id offset 0
) as m on true
left join lateral (select r.external_id from registry.members as r where r.id = c.other_member_id offset 0) as n on true
left join lateral (
  select r.provider, r.personnummer_masked, r.given_name, r.family_name from registry.observations as r where r.id = c.observation_id offset 0
) as o on true
where c.state = 'resolved';
comment on view api.settled_conflicts is 'Settled cases of the coordinator''s organisations. Numbers are masked.';
comment on column api.settled_conflicts.id is 'The case; api.undo_resolution takes it.';
comment on column api.settled_conflicts.organization is 'Whose coordinators see it (slug).';
comment on column api.settled_conflicts.kind is 'What was to be judged.';
comment on column api.settled_conflicts.decision is 'What was decided.';
comment on column api.settled_conflicts.decided_by is 'Who decided (user id).';
comment on column api.settled_conflicts.settled_at is 'When it was decided.';
comment on column api.settled_conflicts.note is 'The coordinator''s note.';
comment on column api.settled_conflicts.undo_until is 'Until when it can be taken back, as long as nothing newer stands on it; null: there is nothing to take back, or it is too late.';
comment on column api.settled_conflicts.proposed_by is 'Who had proposed it (user id), where it needed a second coordinator''s approval.';
comment on column api.settled_conflicts.version is 'Rises with every change of the case.';
comment on column api.settled_conflicts.member_id is 'The member concerned, where one was certain.';
comment on column api.settled_conflicts.member_external_id is 'That member''s number in the member system.';
comment on column api.settled_conflicts.member_given_name is 'Given name on the record now.';
comment on column api.settled_conflicts.member_family_name is 'Family name on the record now.';
comment on column api.settled_conflicts.recorded_personnummer is 'Number on the record now, masked.';
comment on column api.settled_conflicts.other_member_id is 'The other member, who had the number.';
comment on column api.settled_conflicts.other_member_external_id is 'That member''s number in the member system.';
comment on column api.settled_conflicts.candidates is 'The members it might have been.';
comment on column api.settled_conflicts.observation_id is 'The login that first showed it.';
comment on column api.settled_conflicts.provider is 'What the person logged in with.';
comment on column api.settled_conflicts.observed_personnummer is 'Number that the login or the import brought, masked.';
comment on column api.settled_conflicts.observed_given_name is 'Given name that the login brought.';
comment on column api.settled_conflicts.observed_family_name is 'Family name that the login brought.';
comment on column api.settled_conflicts.push_id is 'The push that failed.';
comment on column api.settled_conflicts.opened_at is 'When the case was opened.';
comment on column api.settled_conflicts.detail is 'What agreed and what disagreed; never a number.';
grant select on api.settled_conflicts to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.settled_conflicts
for each row execute function private.tg__refuse_write();
-- end db/functions/conflicts/api.settled_conflicts.sql

set local role audit_owner;
-- begin db/functions/sealing/audit.system_identifier.sql
-- A dump that is restored elsewhere takes the events along, and not the count of transactions. The cluster's identifier tells.
create or replace function audit.system_identifier()
returns bigint
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select c.system_identifier from pg_control_system() as c);
exception
  when insufficient_privilege then
    return null; -- some hosted services do not tell
end
$$;
comment on function audit.system_identifier is 'Out: the identifier of the PostgreSQL cluster; null where PostgreSQL does not tell.';
grant execute on function audit.system_identifier to registry_owner;
-- end db/functions/sealing/audit.system_identifier.sql

-- begin db/functions/sealing/audit.begin_epoch.sql
-- Transaction numbers begin anew in another cluster, and restored events have the numbers of the old one. In a new epoch the order
-- (epoch, transaction, id) is true again. ALTER SEQUENCE waits for everybody who has written an event (audit.newest_epoch), so that no event of
-- the old epoch comes after one of the new; not for long, because logins wait behind it, and shorter than it takes PostgreSQL to notice a
-- deadlock with somebody who has written an event and then redacts: the next try comes in seconds.
create or replace function audit.begin_epoch(p_reason text, p_tree_size bigint, p_lost_checkpoint text)
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
declare
  v_epoch integer;
begin
  select coalesce(max(e.epoch), 0) + 1 into v_epoch from audit.epochs as e;
  -- The first one is what events have by default: nobody has to be waited for.
  if p_reason <> 'first' then
    -- Unlike setval, this is undone when the transaction is.
    execute format('alter sequence audit.newest_epoch restart with %s', v_epoch);
    perform nextval('audit.newest_epoch');
  end if;
  insert into audit.epochs (epoch, system_identifier, reason, tree_size, lost_checkpoint)
  values (v_epoch, audit.system_identifier(), p_reason, p_tree_size, p_lost_checkpoint);
  return v_epoch;
end
$$;
comment on function audit.begin_epoch is 'In: why, how many events are sealed, and the checkpoint that a restored backup lacks. Out: the new epoch.';
grant execute on function audit.begin_epoch to registry_owner;
-- end db/functions/sealing/audit.begin_epoch.sql

-- begin db/functions/sealing/audit.lock_sealing.sql
-- Sealing and redacting exclude each other: a leaf of what an event said, written just when the event is redacted, would look like tampering.
-- Whoever does either takes this lock first, looks at the rows in a statement after it, and holds it until its transaction ends.
create or replace function audit.lock_sealing()
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('audit.lock_sealing', 0));
end
$$;
comment on function audit.lock_sealing is 'Waits until nobody else seals or redacts, and keeps it so until the transaction ends.';
grant execute on function audit.lock_sealing to registry_owner;
-- end db/functions/sealing/audit.lock_sealing.sql

-- begin db/functions/audit/audit.member_timeline.sql
-- Everything that happened to one member, in order, for DBAs: also what happened before two records were merged.
create or replace function audit.member_timeline(member_id uuid)
returns table (
  occurred_at timestamptz, event text, source text, actor text, message text,
  observation_id uuid, conflict_id uuid, push_id uuid, detail jsonb, event_id bigint
)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive records(id) as (
    select member_timeline.member_id
    union
    select m.member_id from audit.events as m join records as r on m.event = 'members_merged' and m.detail ->> 'survivor' = r.id::text
  )
  select e.occurred_at, e.event, e.source, e.actor, e.message, e.observation_id, e.conflict_id, e.push_id, e.detail, e.id
  from audit.events as e
  where e.member_id in (select r.id from records as r)
  order by e.occurred_at, e.id
$$;
comment on function audit.member_timeline is 'In: a member. Out: every event about it and about records merged into it, oldest first.';
grant execute on function audit.member_timeline to auditor;
-- end db/functions/audit/audit.member_timeline.sql

-- begin db/functions/audit/audit.organizations.sql
-- Events name organisations by id; auditors want to read their names.
create or replace view audit.organizations with (security_invoker = true) as
select g.id, g.slug, g.name from registry.organizations as g;
comment on view audit.organizations is 'The organisations that audit.events.organization_id names.';
comment on column audit.organizations.id is 'Named by audit.events.organization_id.';
comment on column audit.organizations.slug is 'Short name in addresses.';
comment on column audit.organizations.name is 'Name for people.';
grant select on audit.organizations to auditor;
-- end db/functions/audit/audit.organizations.sql

-- begin db/functions/audit/audit.redact_events.sql
-- What an event said of a person goes, and that it happened stays: the seal's leaf is left, and its salt goes, without which nobody can try out
-- what the event said. Nobody else may change an event (audit.tg__refuse_change), and it is said in one event which ones were: who
-- verifies can so tell a redaction from a change. It names them by a digest over all that is left of them, for their leaves cannot be compared
-- any more; the events themselves show when they were redacted.
create or replace function audit.redact_events(p_event_ids bigint[], p_reason text)
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at timestamptz;
  v_message constant text := case p_reason
    when 'erasure' then 'What was said here was taken out: the person was erased.'
    when 'retention' then 'What was said here was taken out: the time set for it was over.' end;
  v_count integer;
  v_digest text;
  v_organization_ids uuid[];
begin
  if v_message is null then
    raise exception 'Events are redacted for erasure or retention.' using errcode = 'invalid_parameter_value';
  end if;
  perform audit.lock_sealing();
  v_at := clock_timestamp(); -- under the lock: no two groups have the same
  with redacted as (
    update audit.events as e set message = v_message, detail = '{}', redacted_at = v_at
    where e.id = any (p_event_ids) and e.redacted_at is null and not audit.stays_whole(e.event)
    returning e.*
  ), unsalted as (
    delete from audit.salts as s using redacted as r where s.event_id = r.id
  )
  select count(*), array_agg(distinct e.organization_id), encode(sha256(convert_to(string_agg(jsonb_build_array(
      e.id, case when isfinite(e.occurred_at) then (extract(epoch from e.occurred_at) * 1000000)::bigint end, e.organization_id, e.event,
      e.source, e.actor, e.message, e.member_id, e.observation_id, e.conflict_id, e.push_id, e.transaction_id::text, e.epoch)::text,
      ',' order by e.id), 'UTF8')), 'hex')
  into v_count, v_organization_ids, v_digest from redacted as e;
  if v_count = 0 then
    return 0;
  end if;
  insert into audit.events (event, source, actor, organization_id, message, detail)
  values ('events_redacted', 'worker', session_user, case when cardinality(v_organization_ids) = 1 then v_organization_ids[1] end,
    format('What %s events said was taken out (%s).', v_count, p_reason),
    jsonb_build_object('reason', p_reason, 'count', v_count,
      'redacted_at', to_char(v_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'digest', v_digest));
  return v_count;
end
$$;
comment on function audit.redact_events is 'In: ids of events, erasure or retention. Out: how many were redacted now. Takes out sentence and details, and deletes the salts. Appends one event events_redacted with reason, count, the time that these events have as redacted_at, and digest: SHA-256 (hex) over what is left of each (docs/auditing.md).';
grant execute on function audit.redact_events to registry_owner;
-- end db/functions/audit/audit.redact_events.sql

-- begin db/functions/audit/audit.tg__refuse_change.sql
-- An audit that can be changed proves nothing. It belongs to the audit's owner, so that no function of ours can replace it. ALWAYS:
-- session_replication_role = replica does not skip these triggers. One function may pass, audit.redact_events, known by its owner and by the call
-- it makes here; what it may change of an event is said by audit.tg_events__redact_only.
create or replace function audit.tg__refuse_change()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_calls text;
begin
  get diagnostics v_calls = pg_context;
  if current_user = 'audit_owner' and TG_OP <> 'TRUNCATE' and position('audit.redact_events(bigint[],text)' in v_calls) > 0
    and (TG_TABLE_NAME, TG_OP) in (('events', 'UPDATE'), ('salts', 'DELETE')) then
    return null;
  end if;
  raise exception 'Rows of %.% are never changed or removed.', TG_TABLE_SCHEMA, TG_TABLE_NAME
    using errcode = 'insufficient_privilege', hint = 'Append a new event that puts right what this one says.';
end
$$;
comment on function audit.tg__refuse_change is 'Trigger: refuses the statement with 42501.';

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.events
for each statement execute function audit.tg__refuse_change();
alter table audit.events enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.leaves
for each statement execute function audit.tg__refuse_change();
alter table audit.leaves enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.salts
for each statement execute function audit.tg__refuse_change();
alter table audit.salts enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.nodes
for each statement execute function audit.tg__refuse_change();
alter table audit.nodes enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.checkpoints
for each statement execute function audit.tg__refuse_change();
alter table audit.checkpoints enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.sealing_keys
for each statement execute function audit.tg__refuse_change();
alter table audit.sealing_keys enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.epochs
for each statement execute function audit.tg__refuse_change();
alter table audit.epochs enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before delete or truncate on audit.erasures
for each statement execute function audit.tg__refuse_change();
alter table audit.erasures enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.erased_records
for each statement execute function audit.tg__refuse_change();
alter table audit.erased_records enable always trigger _100_refuse_change;
-- end db/functions/audit/audit.tg__refuse_change.sql

-- begin db/functions/audit/audit.tg_events__redact_only.sql
-- The one change of an event that there is (audit.redact_events): what was said is taken out, once, and nothing else is touched.
create or replace function audit.tg_events__redact_only()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kept audit.events := NEW;
begin
  v_kept.message := OLD.message;
  v_kept.detail := OLD.detail;
  v_kept.redacted_at := null;
  if OLD.redacted_at is not null or NEW.redacted_at is null or NEW.detail <> '{}' or v_kept is distinct from OLD then
    raise exception 'Rows of audit.events are never changed, but for what audit.redact_events takes out.'
      using errcode = 'insufficient_privilege', hint = 'Append a new event that puts right what this one says.';
  end if;
  return NEW;
end
$$;
comment on function audit.tg_events__redact_only is 'Trigger: refuses every change of an event but its redaction, with 42501.';

create or replace trigger _200_redact_only
before update on audit.events
for each row execute function audit.tg_events__redact_only();
alter table audit.events enable always trigger _200_redact_only;
-- end db/functions/audit/audit.tg_events__redact_only.sql

set local role registry_owner;
-- begin db/functions/pushes/private.lease.sql
-- How long a claim stands without a sign of life. Short, so that a killed worker's push is taken up again in seconds; a worker
-- that lives renews it several times before it runs out (worker.beat).
create or replace function private.lease()
returns interval
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select interval '15 seconds'
$$;
comment on function private.lease is 'Out: the length of a lease.';
grant execute on function private.lease to billing_owner; -- invoices are claimed in the same way
-- end db/functions/pushes/private.lease.sql

set local role billing_owner;
-- begin db/functions/billing/billing.beat.sql
-- A worker says which invoices it is issuing; their leases are renewed. It hears which of them it has lost, and whose jobs not to fetch.
create or replace function billing.beat(invoice_ids uuid[], fencing_tokens bigint[])
returns table (lost uuid[], forbidden_flags text[])
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  with named as (
    select t.id, t.token from unnest(beat.invoice_ids, beat.fencing_tokens) as t(id, token)
  ), held as (
    update billing.invoices as i set lease_expires_at = clock_timestamp() + private.lease()
    from named as n
    where i.id = n.id and i.fencing_token = n.token and i.state = 'issuing'
    returning i.id
  )
  select coalesce(array_agg(n.id), '{}') into lost from named as n where not exists (select from held as h where h.id = n.id);
  select coalesce(array_agg('invoices:' || b.organization_id), '{}') into forbidden_flags from billing.breakers as b where b.state <> 'closed';
  return next;
end
$$;
comment on function billing.beat is 'In: invoices that this worker is issuing, with their tokens. Out: those it has lost; flags of jobs not to be fetched.';
grant execute on function billing.beat to sync_worker;
-- end db/functions/billing/billing.beat.sql

-- begin db/functions/billing/billing.begin_look_up.sql
-- Asked right before each request for an issue-token: none is asked for without an invoice that this worker holds, and of one invoice not more
-- often in a day than its issuer's row says. It is written down before anything leaves, so that a worker that is killed cannot ask on and on.
create or replace function billing.begin_look_up(invoice_id uuid, worker_id text, fencing_token bigint, looked_up_by billing.identifier)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_today constant date := private.today();
  i billing.invoices;
begin
  update billing.invoices as u
  set look_ups = case when u.look_ups_on = v_today then u.look_ups + 1 else 1 end, look_ups_on = v_today
  where u.id = begin_look_up.invoice_id and u.state = 'issuing' and u.fencing_token = begin_look_up.fencing_token
    and u.leased_by = begin_look_up.worker_id and u.lease_expires_at > clock_timestamp()
    and (u.look_ups_on is distinct from v_today
      or u.look_ups < (select s.look_ups_a_day from billing.issuers as s where s.id = u.issuer_id))
  returning * into i;
  if i.id is null then
    -- Null: somebody else may have it by now, or nobody.
    return (
      select false from billing.invoices as k
      where k.id = begin_look_up.invoice_id and k.state = 'issuing' and k.fencing_token = begin_look_up.fencing_token
        and k.leased_by = begin_look_up.worker_id and k.lease_expires_at > clock_timestamp());
  end if;
  i.error_code := null;
  i.http_status := null;
  perform billing.record_event('issue_token_requested', 'worker', i,
    'An issue-token is asked for, to issue this invoice.', jsonb_build_object('looked_up_by', begin_look_up.looked_up_by, 'look_ups', i.look_ups));
  return true;
end
$$;
comment on function billing.begin_look_up is 'In: an invoice that the caller holds, by what its recipient is looked up. Out: whether an issue-token may be asked for; false: not today any more; null: the invoice is not held.';
grant execute on function billing.begin_look_up to sync_worker;
-- end db/functions/billing/billing.begin_look_up.sql

-- begin db/functions/billing/billing.cancel_of_erased.sql
-- Who is erased gets no more invoices of us. What was issued stays as bookkeeping material, with a mark in place of the person.
create or replace function billing.cancel_of_erased(p_organization_id uuid, p_member_ids uuid[])
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  i billing.invoices;
  v_count integer := 0;
begin
  for i in
    update billing.invoices as u
    set state = 'cancelled', settled_at = clock_timestamp(), next_attempt_at = null, lease_expires_at = null, slot = null,
        cancelled_by = 'erasure', cancel_reason = 'The person was erased.'
    where u.organization_id = p_organization_id and u.member_id = any (p_member_ids) and u.state not in ('issued', 'cancelled')
    returning *
  loop
    perform billing.record_event('invoice_cancelled', 'worker', i, 'The invoice was cancelled: the person was erased.');
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;
comment on function billing.cancel_of_erased is 'In: an organisation, the records of a person who is erased. Out: how many invoices were cancelled.';
grant execute on function billing.cancel_of_erased to registry_owner;
-- end db/functions/billing/billing.cancel_of_erased.sql

set local role registry_owner;
-- begin db/functions/billing/private.invoice_recipient.sql
-- All that invoices may know of a member: what the invoice service can be asked with, of the one member who is invoiced. It reads, and is
-- stable: PostgreSQL lets nothing be written in it. A number that is in question in an open case is not used: it may be somebody else's.
create or replace function private.invoice_recipient(p_organization_id uuid, p_member_id uuid)
returns table (
  given_name text, family_name text, phone text, email text, birth_date text, personnummer_sealed text, personnummer_index text
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select m.given_name, m.family_name, m.phone, m.email, to_char(m.birth_date, 'YYYY-MM-DD'),
    case when not d.disputed then m.personnummer_sealed end, case when not d.disputed then m.personnummer_index end
  from registry.members as m
  cross join lateral (
    select exists (
      select from registry.conflicts as c
      where c.organization_id = m.organization_id and c.closed_at is null and private.disputes_number(c.kind)
        and (c.member_id = m.id or c.other_member_id = m.id or c.candidates @> array[m.id])) as disputed
  ) as d
  where m.organization_id = p_organization_id and m.id = p_member_id and m.erased_at is null
$$;
comment on function private.invoice_recipient is 'In: an organisation, a member of it. Out: name, contact data, birth date (yyyy-mm-dd), number at rest; no row: there is none, or it was erased.';
grant execute on function private.invoice_recipient to billing_owner;
-- end db/functions/billing/private.invoice_recipient.sql

-- begin db/functions/billing/private.slug_of.sql
-- Logs and figures name an organisation by its slug, also where tables of registry cannot be read.
create or replace function private.slug_of(p_organization_id uuid)
returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.slug from registry.organizations as g where g.id = p_organization_id
$$;
comment on function private.slug_of is 'In: an organisation. Out: its slug.';
grant execute on function private.slug_of to billing_owner;
-- end db/functions/billing/private.slug_of.sql

set local role billing_owner;
-- begin db/functions/billing/billing.claim_locked.sql
-- The claim itself, of a locked invoice that nothing stands in the way of. As with pushes it is a lease with a fencing token: a worker that is
-- paused and wakes up after its lease cannot overwrite what a later one has reported.
create or replace function billing.claim_locked(p_invoice_id uuid, p_worker_id text, p_slot smallint)
returns billing.invoice_claim
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  i billing.invoices;
  r record;
  v_answer billing.invoice_claim;
begin
  update billing.invoices as u
  set state = 'issuing', attempts = u.attempts + 1, fencing_token = u.fencing_token + 1, slot = p_slot, leased_by = p_worker_id,
      next_attempt_at = null, looked_up_by = null, lease_expires_at = clock_timestamp() + private.lease()
  where u.id = p_invoice_id
  returning * into strict i;
  select known.* into r from private.invoice_recipient(i.organization_id, i.member_id) as known;
  v_answer.invoice_id := i.id;
  v_answer.worker_id := p_worker_id;
  v_answer.fencing_token := i.fencing_token::text;
  v_answer.attempt := i.attempts;
  v_answer.organization_id := i.organization_id;
  v_answer.member_id := i.member_id;
  select to_jsonb(s) into v_answer.issuer from billing.issuers as s where s.id = i.issuer_id;
  v_answer.organization := private.slug_of(i.organization_id);
  v_answer.invoice := jsonb_build_object('invoice_number', i.invoice_number, 'amount_ore', i.amount_ore,
    'due_date', to_char(i.due_date, 'YYYY-MM-DD'),
    'kid', i.kid, 'document_reference', i.document_reference, 'description', i.description);
  v_answer.overdue := i.due_date < private.today();
  v_answer.given_name := r.given_name;
  v_answer.family_name := r.family_name;
  v_answer.phone := r.phone;
  v_answer.email := r.email;
  v_answer.birth_date := r.birth_date;
  v_answer.personnummer_sealed := r.personnummer_sealed;
  v_answer.personnummer_index := r.personnummer_index;
  v_answer.lease_ms := (extract(epoch from private.lease()) * 1000)::integer;
  return v_answer;
end
$$;
comment on function billing.claim_locked is 'In: a locked invoice, the name it is claimed under, its slot. Out: what to issue, to whom and where.';
-- end db/functions/billing/billing.claim_locked.sql

-- begin db/functions/billing/billing.take_slot.sql
-- At most `concurrency` invoices of an issuer are issued at a time, over all workers: as with pushes (private.take_slots) a slot is free when
-- none with a live lease holds it, and two claims that look at the same one are told apart by a lock that neither waits for.
create or replace function billing.take_slot(i billing.invoices)
returns smallint
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select unused.slot::smallint from (
    select n as slot from billing.issuers as s cross join lateral generate_series(1, s.concurrency) as n
    where s.id = i.issuer_id and not exists (
      select from billing.invoices as h
      where h.organization_id = i.organization_id and h.slot = n and h.state = 'issuing' and h.lease_expires_at > clock_timestamp())
    order by random() offset 0 -- Else PostgreSQL tries the lock of every free slot before it sorts them, and nobody else finds one.
  ) as unused
  where pg_try_advisory_xact_lock(hashtextextended(i.organization_id || ' invoice slot ' || unused.slot, 0))
  limit 1
$$;
comment on function billing.take_slot is 'In: a locked invoice. Out: a slot that is its until the end of the transaction; null: none is free.';
-- end db/functions/billing/billing.take_slot.sql

-- begin db/functions/billing/billing.claim_invoice.sql
-- A worker takes one invoice. A pause, an open breaker or another invoice of the same recipient is no failure, and does not count as an attempt:
-- whatever goes on waiting gets a job, because the one that brought the worker here is used up.
create or replace function billing.claim_invoice(invoice_id uuid, worker_id text)
returns billing.invoice_claim
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  i billing.invoices;
  v_slot smallint;
  v_answer billing.invoice_claim;
begin
  select known.* into i from billing.invoices as known where known.id = claim_invoice.invoice_id for update;
  if i.id is null then
    return null;
  end if;
  v_answer.invoice_id := i.id;
  if i.state = 'issuing' and i.lease_expires_at > clock_timestamp() or i.settled_at is not null then
    return v_answer;
  elsif i.state = 'pending' and i.next_attempt_at > clock_timestamp() + interval '1 second' then
    perform billing.queue(i, i.next_attempt_at); -- somebody ran the job by hand, for instance
    return v_answer;
  end if;
  v_answer.waits_for := case
    when exists (
      select from billing.breakers as b
      where b.organization_id = i.organization_id and b.state <> 'closed' and b.probe_invoice_id is distinct from i.id) then 'breaker_open'
    when exists (
      select from billing.invoices as h
      where h.organization_id = i.organization_id and h.member_id = i.member_id and h.id <> i.id and h.state = 'issuing'
        and h.lease_expires_at > clock_timestamp()) then 'recipient_busy'
  end;
  if v_answer.waits_for is null then
    v_slot := billing.take_slot(i);
    if v_slot is not null then
      return billing.claim_locked(i.id, claim_invoice.worker_id, v_slot);
    end if;
    v_answer.waits_for := 'no_slot';
  end if;
  v_answer.organization_id := i.organization_id;
  v_answer.wait_ms := case v_answer.waits_for when 'no_slot' then 250 else 1000 end;
  perform billing.queue(i, case when v_answer.waits_for <> 'no_slot' then clock_timestamp() + interval '1 second' end);
  return v_answer;
end
$$;
comment on function billing.claim_invoice is 'In: an invoice, the name to claim it under. Out: what to issue; or why it waits; or only its id, when there is nothing to do; null: unknown.';
grant execute on function billing.claim_invoice to sync_worker;
-- end db/functions/billing/billing.claim_invoice.sql

-- begin db/functions/billing/billing.claim_next.sql
-- Another invoice of the recipient whose invoice was just issued goes on in its slot, with the issue-token that its worker has in memory.
create or replace function billing.claim_next(p_done billing.invoices, p_worker_id text, p_slot smallint)
returns billing.invoice_claim
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid;
begin
  select n.id into v_id from billing.invoices as n
  where n.organization_id = p_done.organization_id and n.member_id = p_done.member_id and n.issuer_id = p_done.issuer_id
    and n.state = 'pending' and n.next_attempt_at <= clock_timestamp()
    and not exists (select from billing.breakers as b where b.organization_id = n.organization_id and b.state <> 'closed')
  order by n.next_attempt_at, n.id limit 1
  for update skip locked;
  if v_id is null or not pg_try_advisory_xact_lock(hashtextextended(p_done.organization_id || ' invoice slot ' || p_slot, 0)) then
    return null;
  end if;
  return billing.claim_locked(v_id, p_worker_id, p_slot);
end
$$;
comment on function billing.claim_next is 'In: an invoice that was issued, the name to claim the next one under, the slot. Out: the claim; null: none is due.';
-- end db/functions/billing/billing.claim_next.sql

-- begin db/functions/billing/billing.settle.sql
-- The one writer of states that an attempt ends in, and of the event that says so.
create or replace function billing.settle(i billing.invoices, p_state billing.invoice_state, p_event text, p_message text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update billing.invoices as u
  set state = p_state, settled_at = clock_timestamp(), next_attempt_at = null, lease_expires_at = null, slot = null,
      looked_up_by = i.looked_up_by, error_code = i.error_code, http_status = i.http_status
  where u.id = i.id;
  perform billing.record_event(p_event, 'worker', i, p_message, jsonb_build_object('looked_up_by', i.looked_up_by, 'attempt', i.attempts));
end
$$;
comment on function billing.settle is 'In: a locked invoice with what the attempt came to, its state, event and sentence. Settles it.';
-- end db/functions/billing/billing.settle.sql

set local role registry_owner;
-- begin db/functions/breakers/private.member_system_fault.sql
-- Which failures speak of the member system as a whole, and not of one member: at_once, when our credentials are refused or the
-- address has moved for good, which only a person can mend, or counted. All others leave the breaker alone.
create or replace function private.member_system_fault(p_error_code text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_error_code in ('http_401', 'http_403', 'token_refused', 'secret_missing', 'redirect_refused') then 'at_once'
    when p_error_code in ('timeout', 'connection_failed', 'tls_failed', 'response_too_large', 'task_timeout',
                          'http_408', 'http_425', 'http_429', 'http_5xx', 'redirect_temporary', 'token_unavailable') then 'counted'
  end
$$;
comment on function private.member_system_fault is 'In: code of a failure. Out: at_once, counted, or null.';
grant execute on function private.member_system_fault to billing_owner; -- invoices have breakers too
-- end db/functions/breakers/private.member_system_fault.sql

set local role billing_owner;
-- begin db/functions/billing/billing.hasten.sql
-- Invoices that wait only because the invoice service was away are tried within seconds; slots take care of the pace.
create or replace function billing.hasten(p_organization_id uuid)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  i billing.invoices;
begin
  for i in
    update billing.invoices as u set next_attempt_at = clock_timestamp()
    where u.id in (
      select k.id from billing.invoices as k
      where k.organization_id = p_organization_id and k.state = 'pending' and k.next_attempt_at > clock_timestamp()
        and private.member_system_fault(k.error_code) is not null
      order by k.next_attempt_at limit 1000 for update skip locked)
    returning *
  loop
    perform billing.queue(i);
  end loop;
end
$$;
comment on function billing.hasten is 'In: an organisation. Makes those of its waiting invoices due that failed because the service was away.';
-- end db/functions/billing/billing.hasten.sql

-- begin db/functions/billing/billing.record_breaker_event.sql
-- Transitions of a breaker are audited; they concern an organisation, not a member.
create or replace function billing.record_breaker_event(p_event text, b billing.breakers, p_message text)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.record_invoice_event(p_event, 'worker', b.organization_id, p_message, null, jsonb_strip_nulls(jsonb_build_object(
    'error_code', b.error_code, 'http_status', b.http_status, 'openings', b.openings, 'next_probe_at', b.probe_at, 'invoice_id', b.probe_invoice_id)))
$$;
comment on function billing.record_breaker_event is 'In: event, breaker, sentence. Appends the audit event.';
-- end db/functions/billing/billing.record_breaker_event.sql

set local role registry_owner;
-- begin db/functions/breakers/private.breaker_pause.sql
-- How long nothing is sent before the next probe: from half a minute to a quarter of an hour, growing with each opening, or as long as the other
-- side asked for.
create or replace function private.breaker_pause(p_openings integer, p_retry_after integer)
returns interval
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select greatest(least(30 * 2 ^ least(p_openings, 10), 900), least(coalesce(p_retry_after, 0), 86400)) * interval '1 second'
$$;
comment on function private.breaker_pause is 'In: how often the breaker opened in a row, Retry-After in seconds or null. Out: the pause.';
grant execute on function private.breaker_pause to billing_owner; -- invoices have breakers too
-- end db/functions/breakers/private.breaker_pause.sql

set local role billing_owner;
-- begin db/functions/billing/billing.tell_breaker.sql
-- What an attempt says of the invoice service as a whole, by the rules that member systems have (private.member_system_fault, private.breaker_pause):
-- an answer about an invoice shows that it works, five failures in a row open the breaker, refused credentials and a failed probe do so at
-- once. So does an issuer that is not allowed: no further recipients are looked up in its name.
create or replace function billing.tell_breaker(i billing.invoices, p_result billing.invoice_result, p_retry_after integer)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  b billing.breakers;
  v_fault constant text := case
    when i.error_code = 'issuer_not_allowed' then 'at_once'
    when p_result = 'retry' then private.member_system_fault(i.error_code) end;
begin
  if v_fault is not null then
    insert into billing.breakers (organization_id) values (i.organization_id) on conflict do nothing;
    update billing.breakers as u set failures = u.failures + 1 where u.organization_id = i.organization_id returning * into b;
    if (b.state = 'closed' and (v_fault = 'at_once' or b.failures >= 5)) or (b.state = 'half_open' and b.probe_invoice_id = i.id) then
      update billing.breakers as u
      set state = 'open', openings = u.openings + 1, error_code = i.error_code, http_status = i.http_status,
          opened_at = coalesce(u.opened_at, clock_timestamp()), probe_at = clock_timestamp() + private.breaker_pause(u.openings, p_retry_after),
          probe_invoice_id = null, changed_at = clock_timestamp()
      where u.organization_id = i.organization_id
      returning * into b;
      perform billing.record_breaker_event('invoice_breaker_opened', b, format('No invoices are issued for now (%s).', b.error_code));
    end if;
  elsif i.http_status is not null and p_result <> 'retry' then
    select k.* into b from billing.breakers as k
    where k.organization_id = i.organization_id and (k.state <> 'closed' or k.failures > 0) for update;
    if b.organization_id is null then
      return; -- nearly always
    end if;
    update billing.breakers as u
    set state = 'closed', failures = 0, openings = 0, error_code = null, http_status = null, opened_at = null, probe_at = null,
        probe_invoice_id = null, changed_at = case when b.state = 'closed' then u.changed_at else clock_timestamp() end
    where u.organization_id = i.organization_id;
    if b.state <> 'closed' then
      perform billing.record_breaker_event('invoice_breaker_closed', b, 'The invoice service answers again; what waited is issued.');
      perform billing.hasten(i.organization_id);
    end if;
  end if;
end
$$;
comment on function billing.tell_breaker is 'In: an invoice with what the attempt came to, result, Retry-After in seconds or null.';
-- end db/functions/billing/billing.tell_breaker.sql

set local role registry_owner;
-- begin db/functions/pushes/private.retry_pause.sql
-- The pause before the next attempt: the member system's own word (Retry-After) where there is one, at most 24 hours; else
-- growing, exp(attempts) seconds, at most seven hours, with a little chance so that those who failed together do not return
-- together. A server that says "in a second" for ever gets ten such tries, then one a minute.
create or replace function private.retry_pause(p_attempts integer, p_retry_after integer)
returns interval
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_retry_after is null then exp(least(p_attempts, 10)) * (1 + random() / 10)
    else least(greatest(p_retry_after, case when p_attempts > 10 then 60 else 1 end), 86400) + random()
  end * interval '1 second'
$$;
comment on function private.retry_pause is 'In: attempts so far, Retry-After in seconds or null. Out: the pause.';
grant execute on function private.retry_pause to billing_owner; -- invoices are tried again in the same way
-- end db/functions/pushes/private.retry_pause.sql

set local role billing_owner;
-- begin db/functions/billing/billing.wait_again.sql
-- The invoice goes back to waiting: for the pause that pushes have too (private.retry_pause), or, where no token may be asked for today any
-- more, until tomorrow.
create or replace function billing.wait_again(i billing.invoices, p_retry_after integer)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant timestamptz := case when i.error_code = 'look_ups_used_up'
    then ((private.today() + 1)::timestamp at time zone 'Europe/Oslo') + random() * interval '1 hour'
    else clock_timestamp() + private.retry_pause(i.attempts, p_retry_after) end;
begin
  update billing.invoices as u
  set state = 'pending', lease_expires_at = null, slot = null, next_attempt_at = v_at, looked_up_by = i.looked_up_by,
      error_code = i.error_code, http_status = i.http_status
  where u.id = i.id;
  perform billing.queue(i, v_at);
  perform billing.record_event('invoice_attempt_failed', 'worker', i, format('Attempt %s to issue the invoice failed (%s); it will be tried again.',
    i.attempts, i.error_code), jsonb_build_object('attempt', i.attempts));
end
$$;
comment on function billing.wait_again is 'In: a locked invoice with what the attempt came to, Retry-After in seconds or null. Puts it back.';
-- end db/functions/billing/billing.wait_again.sql

-- begin db/functions/billing/billing.finish_invoice.sql
-- A worker reports how an attempt ended. A report with an old fencing token, or of another worker than the one that holds the invoice, changes
-- nothing. What the service says of a recipient stays in the invoice's own row and goes nowhere else.
create or replace function billing.finish_invoice(report jsonb)
returns table (state text, next jsonb)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  r constant billing.invoice_report := jsonb_populate_record(null::billing.invoice_report, finish_invoice.report);
  i billing.invoices;
  v_slot smallint;
  v_next billing.invoice_claim;
begin
  select known.* into i from billing.invoices as known where known.id = r.invoice_id for update;
  if i.state is distinct from 'issuing' or i.fencing_token <> r.fencing_token or i.leased_by is distinct from r.worker_id then
    state := null;
    return next;
    return;
  end if;
  v_slot := i.slot;
  i.looked_up_by := r.looked_up_by;
  i.http_status := r.http_status;
  i.error_code := r.error_code;
  case
    when r.result = 'issued' then
      perform billing.settle(i, 'issued', 'invoice_issued', 'The invoice was issued.');
    when r.result = 'no_consent' then
      perform billing.settle(i, 'no_consent', 'invoice_no_consent', 'The invoice service gave no issue-token for this invoice.');
    when r.result = 'ambiguous' then
      perform billing.settle(i, 'ambiguous', 'invoice_ambiguous', 'The invoice service could not tell the recipient of this invoice from others.');
    when r.result = 'not_enough_data' then
      perform billing.settle(i, 'not_enough_data', 'invoice_not_enough_data', 'Too little is recorded to ask for an issue-token; nothing was asked.');
    when r.result = 'rejected' then
      perform billing.settle(i, 'rejected', 'invoice_rejected', 'The invoice cannot be issued as it is.');
    when i.attempts >= 25 and i.created_at < clock_timestamp() - interval '3 days' then
      perform billing.settle(i, 'given_up', 'invoice_given_up', 'The invoice could not be issued in all attempts.');
    else
      perform billing.wait_again(i, r.retry_after);
  end case;
  perform billing.tell_breaker(i, r.result, r.retry_after);
  select known.state into state from billing.invoices as known where known.id = i.id;
  if r.result = 'issued' and r.next_worker_id is not null then
    v_next := billing.claim_next(i, r.next_worker_id, v_slot);
    next := case when v_next.invoice_id is not null then to_jsonb(v_next) end;
  end if;
  return next;
end
$$;
comment on function billing.finish_invoice is 'In: how an attempt ended (billing.invoice_report). Out: the new state, null: the report is stale; the claim of another invoice of the same recipient, null: none is due.';
grant execute on function billing.finish_invoice to sync_worker;
-- end db/functions/billing/billing.finish_invoice.sql

-- begin db/functions/billing/billing.is_account_number.sql
-- Norwegian account numbers: ten digits and a control digit, modulus 11 with the weights 5 4 3 2 7 6 5 4 3 2 (Bits).
create or replace function billing.is_account_number(p_text text)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_text ~ '^[0-9]{11}$' and (
    select sum(substr(p_text, n, 1)::integer * (array[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1])[n]) % 11 = 0
    from generate_series(1, 11) as n)
$$;
comment on function billing.is_account_number is 'In: a text. Out: whether it is a Norwegian account number.';
grant execute on function billing.is_account_number to registry_owner; -- a check of the rows that npm run configure writes
-- end db/functions/billing/billing.is_account_number.sql

-- begin db/functions/billing/billing.is_kid.sql
-- KID: 2 to 25 digits, the last of which is a control digit by modulus 10 (Luhn) or modulus 11 (weights 2 to 7 from the right; a hyphen
-- stands for 10), as the organisation has agreed with its bank (Mastercard Payment Services, OCR giro). One that may be a personnummer is none.
create or replace function billing.is_kid(p_text text)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_text !~ '^[0-9]{1,24}[0-9-]$' then false
    when length(p_text) = 11 and p_text ~ '^[0-9]+$' and private.controls_hold(p_text) then false
    else (
      select (right(p_text, 1) <> '-' and (sum(case when d.nth % 2 = 1 then d.digit * 2 - case when d.digit > 4 then 9 else 0 end else d.digit end)
          + translate(right(p_text, 1), '-', '0')::integer) % 10 = 0)
        or (sum(d.digit * (2 + (d.nth - 1) % 6)) + case right(p_text, 1) when '-' then 10 else right(p_text, 1)::integer end) % 11 = 0
      from (
        select nth, substr(reverse(left(p_text, -1)), nth::integer, 1)::integer as digit
        from generate_series(1, length(p_text) - 1) as nth) as d)
  end
$$;
comment on function billing.is_kid is 'In: a text. Out: whether it is a KID; null where it is null.';
-- end db/functions/billing/billing.is_kid.sql

-- begin db/functions/billing/billing.is_organization_number.sql
-- Norwegian organisation numbers: eight digits and a control digit, modulus 11 with the weights 3 2 7 6 5 4 3 2 (Brønnøysundregistrene). What
-- would need 10 as its control digit is not given out.
create or replace function billing.is_organization_number(p_text text)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_text ~ '^[89][0-9]{8}$' and (
    select sum(substr(p_text, n, 1)::integer * (array[3, 2, 7, 6, 5, 4, 3, 2, 1])[n]) % 11 = 0
    from generate_series(1, 9) as n)
$$;
comment on function billing.is_organization_number is 'In: a text. Out: whether it is a Norwegian organisation number.';
grant execute on function billing.is_organization_number to registry_owner; -- a check of the rows that npm run configure writes
-- end db/functions/billing/billing.is_organization_number.sql

set local role registry_owner;
-- begin db/functions/billing/private.find_invoiced.sql
-- Invoices name members as the organisation does. A record that was merged stands for the one that it was merged into; an erased one for nobody.
create or replace function private.find_invoiced(p_organization text, p_external_ids text[])
returns table (organization_id uuid, external_id text, member_id uuid)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.id, m.external_id, coalesce(m.merged_into, m.id)
  from registry.organizations as g
  left join registry.members as m on m.organization_id = g.id and m.external_id = any (p_external_ids) and m.erased_at is null
  where g.slug = p_organization
$$;
comment on function private.find_invoiced is 'In: an organisation (slug), member numbers. Out: the organisation, and each member that there is; no row: there is no such organisation.';
grant execute on function private.find_invoiced to billing_owner;
-- end db/functions/billing/private.find_invoiced.sql

set local role billing_owner;
-- begin db/functions/billing/billing.issuer.sql
-- The row of an organisation, for trying it out (npm run issuer:check). It names secrets and holds none.
create or replace function billing.issuer(organization text)
returns table (organization_id uuid, issuer jsonb)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.organization_id, to_jsonb(s)
  from private.find_invoiced(issuer.organization, '{}') as g
  left join billing.issuers as s on s.organization_id = g.organization_id
$$;
comment on function billing.issuer is 'In: an organisation (slug). Out: its id and its issuer; no row for an unknown organisation.';
grant execute on function billing.issuer to sync_worker;
-- end db/functions/billing/billing.issuer.sql

-- begin db/functions/billing/billing.load_invoices.sql
-- Invoices of a file come in by portions. One whose number is there already is not added again: it is known when it says the same, and else
-- refused, because what was issued cannot be changed. No row is refused for what is recorded of the member: that is found out when it is issued.
create or replace function billing.load_invoices(organization text, invoices jsonb)
returns table (line integer, result text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_organization_id uuid;
  v_issuer_id uuid;
  n record;
  i billing.invoices;
begin
  select g.organization_id into v_organization_id from private.find_invoiced(load_invoices.organization, '{}') as g;
  if v_organization_id is null then
    raise exception 'There is no such organisation.' using errcode = 'PN020';
  end if;
  select s.id into v_issuer_id from billing.issuers as s where s.organization_id = v_organization_id;
  if v_issuer_id is null then
    raise exception 'The organisation has no issuer of invoices.' using errcode = 'PN021';
  end if;
  for n in
    select r.*, m.member_id
    from jsonb_to_recordset(load_invoices.invoices) as r(
      line integer, invoice_number text, member text, amount_ore bigint, due_date date, kid text, document_reference text, description text)
    left join private.find_invoiced(load_invoices.organization, array(
      select e ->> 'member' from jsonb_array_elements(load_invoices.invoices) as e)) as m on m.external_id = r.member
    order by r.invoice_number, r.line
  loop
    line := n.line;
    i := null;
    if n.member_id is null then
      result := 'member_unknown';
    else
      insert into billing.invoices (organization_id, issuer_id, member_id, invoice_number, amount_ore, due_date, kid, document_reference, description)
      values (v_organization_id, v_issuer_id, n.member_id, n.invoice_number, n.amount_ore, n.due_date, n.kid, n.document_reference, n.description)
      on conflict on constraint invoices_organization_id_invoice_number_key do nothing
      returning * into i;
      if i.id is not null then
        result := 'added';
        perform billing.record_event('invoice_added', 'operator', i, 'An invoice was added, to be issued.');
        perform billing.queue(i);
      else
        result := case when exists (
          select from billing.invoices as k
          where k.organization_id = v_organization_id and k.invoice_number = n.invoice_number and k.member_id = n.member_id
            and k.amount_ore = n.amount_ore and k.due_date = n.due_date and k.kid is not distinct from n.kid
            and k.document_reference is not distinct from n.document_reference and k.description = n.description
        ) then 'known' else 'invoice_changed' end;
      end if;
    end if;
    return next;
  end loop;
end
$$;
comment on function billing.load_invoices is 'In: an organisation (slug), invoices as JSON: line, invoice_number, member (member number), amount_ore, due_date, kid, document_reference, description. Out: for each line added, known, member_unknown or invoice_changed. Raises PN020, PN021.';
grant execute on function billing.load_invoices to member_importer;
-- end db/functions/billing/billing.load_invoices.sql

-- begin db/functions/billing/billing.put_back_invoice.sql
-- A worker has no slot left for this organisation: the invoice keeps a job, and the others their slots.
create or replace function billing.put_back_invoice(invoice_id uuid)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform billing.queue(i) from billing.invoices as i where i.id = put_back_invoice.invoice_id and i.settled_at is null;
end
$$;
comment on function billing.put_back_invoice is 'In: an invoice that was fetched and cannot be begun. Queues it again.';
grant execute on function billing.put_back_invoice to sync_worker;
-- end db/functions/billing/billing.put_back_invoice.sql

-- begin db/functions/billing/billing.send_probes.sql
-- An open breaker lets one invoice through when its pause is over: the one that is due longest. Its job carries no flag, so that workers fetch
-- it. A probe that was cancelled, or that does not report within a minute, is followed by another.
create or replace function billing.send_probes()
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  b billing.breakers;
  i billing.invoices;
  v_count integer := 0;
begin
  for b in
    select k.* from billing.breakers as k
    where k.state <> 'closed' and (k.probe_at <= clock_timestamp()
      or exists (select from billing.invoices as p where p.id = k.probe_invoice_id and p.settled_at is not null))
    for update skip locked
  loop
    update billing.invoices as u set next_attempt_at = clock_timestamp()
    where u.id = (
      select p.id from billing.invoices as p where p.organization_id = b.organization_id and p.state = 'pending'
      order by p.next_attempt_at limit 1 for update skip locked)
    returning * into i;
    if i.id is not null then
      update billing.breakers as u
      set state = 'half_open', probe_invoice_id = i.id, probe_at = clock_timestamp() + interval '1 minute', changed_at = clock_timestamp()
      where u.organization_id = b.organization_id
      returning * into b;
      perform billing.queue(i);
      perform billing.record_breaker_event('invoice_breaker_probing', b,
        'One invoice is tried to find out whether the invoice service works again.');
      v_count := v_count + 1;
    end if;
  end loop;
  return v_count;
end
$$;
comment on function billing.send_probes is 'Out: how many breakers let an invoice through.';
-- end db/functions/billing/billing.send_probes.sql

-- begin db/functions/billing/billing.sweep.sql
-- What cannot wait: invoices whose lease ran out get a job, so do those that are due without one, and breakers whose pause is over a probe. Every
-- worker calls this every few seconds; one at a time does the work.
create or replace function billing.sweep()
returns table (what text, queued integer)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not pg_try_advisory_xact_lock(hashtextextended('billing.sweep', 0)) then
    return;
  end if;
  return query
    select 'issue_invoice'::text, coalesce(sum(private.queue_invoices(array[i.id], array[billing.flag_of(i)], null, true)), 0)::integer
    from (
      (select k.* from billing.invoices as k where k.state = 'issuing' and k.lease_expires_at < clock_timestamp()
        order by k.lease_expires_at limit 200)
      union all
      (select k.* from billing.invoices as k where k.state = 'pending' and k.next_attempt_at < clock_timestamp() - interval '30 seconds'
        order by k.next_attempt_at limit 200)
    ) as i;
  return query select 'invoice_probe'::text, billing.send_probes();
end
$$;
comment on function billing.sweep is 'Out: what was queued, and how many.';
grant execute on function billing.sweep to sync_worker;
-- end db/functions/billing/billing.sweep.sql

set local role registry_owner;
-- begin db/functions/import/import.absent_members.sql
-- Members that a full export does not have any more are listed, a page at a time, and never deleted: somebody must find out
-- whether they left, or the export is not whole. Merged records are marks only.
create or replace function import.absent_members(run_id uuid, after_external_id text, most integer)
returns setof text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select m.external_id
  from registry.import_runs as r
  join registry.members as m on m.organization_id = r.organization_id
  where r.id = absent_members.run_id and r.state = 'running' and m.external_id > absent_members.after_external_id
    and m.merged_into is null and m.erased_at is null
    and not exists (select from registry.import_lines as l where l.run_id = r.id and l.external_id = m.external_id)
  order by m.external_id limit absent_members.most
$$;
comment on function import.absent_members is 'In: a run that is not finished yet, the last id of the page before, rows a page. Out: external ids of members that the file does not have.';
grant execute on function import.absent_members to member_importer;
-- end db/functions/import/import.absent_members.sql

-- begin db/functions/import/private.import_basis.sql
-- What a file is compared with: the last import that came to its end. A handful of rows says nothing about the next file.
create or replace function private.import_basis(p_organization_id uuid)
returns registry.import_runs
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select r from registry.import_runs as r
  where r.organization_id = p_organization_id and r.state = 'finished' and not r.dry_run and (r.looks ->> 'rows')::integer >= 10
  order by r.started_at desc limit 1
$$;
comment on function private.import_basis is 'In: an organisation. Out: its last finished import of ten rows or more; null: there is none.';
-- end db/functions/import/private.import_basis.sql

-- begin db/functions/import/private.kinds_distance.sql
-- How far two columns are apart, by the kinds of their values: 0 where each kind has the same share of both, 1 where they have no kind
-- in common.
create or replace function private.kinds_distance(p_one jsonb, p_other jsonb)
returns numeric
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(sum(abs(coalesce(one.share, 0) - coalesce(other.share, 0))) / 2, 0)
  from (select k.key, k.value::numeric / nullif(sum(k.value::numeric) over (), 0) as share from jsonb_each_text(p_one) as k) as one
  full join (select k.key, k.value::numeric / nullif(sum(k.value::numeric) over (), 0) as share from jsonb_each_text(p_other) as k) as other
    using (key)
$$;
comment on function private.kinds_distance is 'In: two counts of values by kind. Out: half the sum of the differences of their shares, 0 to 1.';
-- end db/functions/import/private.kinds_distance.sql

-- begin db/functions/import/private.import_differences.sql
-- When a file looks so different from the last import that a person must look before anything is written. One row of it may be
-- as wrong as it likes; these are faults of whole columns and whole exports: another column in the place of the id, zeros lost,
-- a column sorted by itself, half the members gone. More than half is what no ordinary month does to an organisation; rejected rows
-- are too many when they are twice the last share and another tenth of the file.
create or replace function private.import_differences(p_organization_id uuid, p_looks jsonb, p_is_partial boolean)
returns table (difference registry.import_difference, column_name text, before integer, now integer)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with basis as (
    select b.looks, b.rejected, b.records_done, (p_looks ->> 'rows')::numeric as rows
    from private.import_basis(p_organization_id) as b where b.id is not null
  ), columns as (
    select c.key as name, c.value as now, b.looks -> 'columns' -> c.key as before, b.rows
    from basis as b cross join lateral jsonb_each(p_looks -> 'columns') as c
  ), rejected as (
    select b.rejected / nullif(b.records_done, 0)::numeric as before,
      (p_looks ->> 'rejected')::numeric / nullif(b.rows, 0) as now, b.rows
    from basis as b
  ), absent as (
    select 1 - ((c.now ->> 'had')::numeric - (c.now ->> 'changed')::numeric) / f.members as now
    from columns as c
    cross join lateral ( -- not all the members there are: those who left are never deleted, and would be asked about every month
      select (r.added + r.updated + r.unchanged)::numeric as members from registry.import_runs as r
      where r.organization_id = p_organization_id and r.state = 'finished' and not r.dry_run and not (r.looks ->> 'partial')::boolean
      order by r.started_at desc limit 1) as f
    where c.name = 'external_id' and f.members >= 10
  )
  select 'column_looks_different'::registry.import_difference, c.name, null::integer, round(100 * d.distance)::integer
  from columns as c cross join lateral private.kinds_distance(c.before -> 'kinds', c.now -> 'kinds') as d(distance)
  where c.before is not null and c.rows >= 10 and d.distance > 0.5
  union all
  select 'column_changed', c.name, null, round(100 * (c.now ->> 'changed')::numeric / (c.now ->> 'had')::numeric)::integer
  from columns as c
  where c.name <> 'external_id' and (c.now ->> 'had')::integer >= 10 and (c.now ->> 'changed')::numeric * 2 > (c.now ->> 'had')::numeric
  union all
  select 'many_rejected', null, round(100 * coalesce(r.before, 0))::integer, round(100 * r.now)::integer
  from rejected as r where r.rows >= 10 and r.now > 2 * coalesce(r.before, 0) + 0.1
  union all
  select 'members_absent', null, null, round(100 * a.now)::integer from absent as a where not p_is_partial and a.now >= 0.5
$$;
comment on function private.import_differences is 'In: an organisation, what its new file looks like, whether the file holds only a part of the members. Out: what a person must look at, shares in percent; nothing where there is nothing to compare with.';
-- end db/functions/import/private.import_differences.sql

-- begin db/functions/import/private.lock_run.sql
-- Batches of a run go one after the other, whoever sends them.
create or replace function private.lock_run(p_run_id uuid)
returns registry.import_runs
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs;
begin
  select r.* into v_run from registry.import_runs as r where r.id = p_run_id for update;
  if v_run.state is distinct from 'running' then
    raise exception 'The import is over.' using errcode = 'PN006',
      hint = 'Another file was imported meanwhile, or another program finished this one.';
  end if;
  return v_run;
end
$$;
comment on function private.lock_run is 'In: id of a running import. Out: the run, locked. Raises PN006.';
-- end db/functions/import/private.lock_run.sql

-- begin db/functions/import/import.accept_file.sql
-- Between a file and the first row of it that is written stands this: it looks like the last import, or a person has looked and says
-- that it may be imported. What it looks like is kept for the next one.
create or replace function import.accept_file(run_id uuid, looks jsonb, is_partial boolean, is_accepted boolean)
returns table (difference registry.import_difference, column_name text, before integer, now integer)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run constant registry.import_runs := private.lock_run(accept_file.run_id);
  v_differences jsonb;
begin
  select coalesce(jsonb_agg(to_jsonb(d)), '[]') into v_differences
  from private.import_differences(v_run.organization_id, accept_file.looks, accept_file.is_partial) as d;
  if v_differences = '[]' or accept_file.is_accepted then
    update registry.import_runs as r
    set looks = accept_file.looks || jsonb_build_object('partial', accept_file.is_partial), accepted_at = clock_timestamp()
    where r.id = v_run.id;
  end if;
  if v_differences <> '[]' and accept_file.is_accepted and not v_run.dry_run then
    perform private.record_event('import_differences_accepted', 'import', v_run.organization_id,
      'A file that looks different from the last import was imported all the same; whoever started it has looked.',
      p_detail => jsonb_build_object('import_run_id', v_run.id, 'differences', v_differences));
  end if;
  return query select d.* from jsonb_to_recordset(v_differences)
    as d(difference registry.import_difference, column_name text, before integer, now integer);
exception when data_exception or check_violation then
  raise exception 'What the file looks like is not acceptable: SQLSTATE %.', SQLSTATE using errcode = 'PN007';
end
$$;
comment on function import.accept_file is 'In: a run, what its file looks like, whether it holds only a part of the members, whether a person has looked. Out: what makes it look different from the last import. Without differences, or where a person has looked, its rows may be loaded. Raises PN006, PN007.';
grant execute on function import.accept_file to member_importer;
-- end db/functions/import/import.accept_file.sql

-- begin db/functions/import/import.compare_rows.sql
-- Before anything of a file is written: how it stands to the members there are. Nothing is locked and nothing is changed; a row that is
-- rejected still says whose it is.
create or replace function import.compare_rows(run_id uuid, rows jsonb, rejections jsonb)
returns table (column_name text, had integer, changed integer)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  with given as (
    select e.element ->> 'external_id' as external_id, r
    from jsonb_array_elements(compare_rows.rows) as e(element)
    cross join lateral jsonb_populate_record(null::private.imported_member, e.element) as r
    union all
    select distinct e.element ->> 'external_id', null::private.imported_member
    from jsonb_array_elements(compare_rows.rejections) as e(element)
    where not exists (
      select from jsonb_array_elements(compare_rows.rows) as other(element)
      where other.element ->> 'external_id' = e.element ->> 'external_id')
  ), found as (
    select g.external_id, g.r, m from registry.import_runs as run
    cross join given as g
    left join registry.members as m
      on m.organization_id = run.organization_id and m.external_id = g.external_id and m.merged_into is null and m.erased_at is null
    where run.id = compare_rows.run_id
  )
  select c.name, count(c.old)::integer, count(c.old) filter (where c.old is distinct from c.new)::integer
  from found as f
  cross join lateral (values
    ('external_id', f.external_id, (f.m).external_id),
    ('given_name', (f.m).given_name, (f.r).given_name),
    ('family_name', (f.m).family_name, (f.r).family_name),
    ('birth_date', (f.m).birth_date::text, (f.r).birth_date::text),
    ('email', (f.m).email, (f.r).email),
    ('phone', (f.m).phone, (f.r).phone)) as c(name, old, new)
  where case c.name when 'external_id' then c.old is not null else f.r is distinct from null end
  group by c.name
$$;
comment on function import.compare_rows is 'In: a run, rows without numbers, rejected lines. Out: for each column, how many members have a value there, and how many of them would get another one or none; for external_id, how many ids the rows have, and how many of them are no member''s.';
grant execute on function import.compare_rows to member_importer;
-- end db/functions/import/import.compare_rows.sql

-- begin db/functions/import/private.lock_waiting.sql
-- As private.lock_imported, for all waiting numbers at once. Only so many numbers can be locked one by one (max_locks_per_transaction);
-- where an export moves more, the records alone are locked, and whoever gives the same number to somebody else at this moment is told
-- apart by its unique index: private.settle_waiting is begun again then.
create or replace function private.lock_waiting(p_run registry.import_runs)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if (select count(*) from registry.waiting_numbers as w where w.run_id = p_run.id) <= 1000 then
    perform private.lock_number(p_run.organization_id, n.masked)
    from (select distinct w.personnummer_masked as masked from registry.waiting_numbers as w where w.run_id = p_run.id order by 1) as n;
  end if;
  perform from registry.members as m
  where m.organization_id = p_run.organization_id
    and m.external_id in (select w.external_id from registry.waiting_numbers as w where w.run_id = p_run.id)
  order by m.id for no key update;
end
$$;
comment on function private.lock_waiting is 'In: a run whose file has been read. Waits until no login is about to change the numbers or records that waiting numbers concern.';
-- end db/functions/import/private.lock_waiting.sql

-- begin db/functions/import/private.is_given_up.sql
-- Whether the member who has a waiting number gets another one by the same file. In a dry run nothing is written: there, who got another
-- number by an earlier row has the old one still, and a number that an earlier row got is on no record yet.
create or replace function private.is_given_up(p_run registry.import_runs, p_waiting registry.waiting_numbers)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select p_waiting.holder_id is not null
    and not exists (
      select from registry.import_lines as l
      where l.run_id = p_run.id and l.personnummer_index = p_waiting.personnummer_index)
    and (
      exists (
        select from registry.waiting_numbers as w
        where w.run_id = p_run.id and w.member_id = p_waiting.holder_id and w.nth = 1 and w.step in ('write', 'duplicate'))
      or exists (
        select from registry.members as m
        join registry.import_lines as l on l.run_id = p_run.id and l.external_id = m.external_id
        where m.id = p_waiting.holder_id and l.personnummer_index <> m.personnummer_index))
$$;
comment on function private.is_given_up is 'In: a run, a planned waiting number. Out: whether its present holder wants another number.';
-- end db/functions/import/private.is_given_up.sql

-- begin db/functions/import/private.changed_columns.sql
-- The member system is right about contact details, also when it has none: what the file has a column for is taken over, what
-- it has no column for is left alone.
create or replace function private.changed_columns(p_columns text[], m registry.members, r private.imported_member)
returns text[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select array_remove(array[
    case when m.given_name is distinct from r.given_name and 'given_name' = any (p_columns) then 'given_name' end,
    case when m.family_name is distinct from r.family_name and 'family_name' = any (p_columns) then 'family_name' end,
    case when m.birth_date is distinct from r.birth_date and 'birth_date' = any (p_columns) then 'birth_date' end,
    case when m.email is distinct from r.email and 'email' = any (p_columns) then 'email' end,
    case when m.phone is distinct from r.phone and 'phone' = any (p_columns) then 'phone' end
  ], null)
$$;
comment on function private.changed_columns is 'In: columns the file has, the record, the row. Out: the columns that differ.';
-- end db/functions/import/private.changed_columns.sql

-- begin db/functions/reporting/private.changed_membership.sql
-- What a row says of residence, membership and dues, where it differs from what is known. What the file has no column for is left alone.
create or replace function private.changed_membership(p_columns text[], p_member_id uuid, r private.imported_member)
returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_changed text[] := array[]::text[];
  k reporting.residences;
  s reporting.memberships;
begin
  if p_columns && array['municipality', 'address', 'postal_code', 'chapter'] then
    select known.* into k from reporting.residences as known where known.member_id = p_member_id order by known.known_from desc limit 1;
    if 'municipality' = any (p_columns) and k.municipality_written is distinct from r.municipality
      or 'address' = any (p_columns) and k.address is distinct from r.address
      or 'postal_code' = any (p_columns) and k.postal_code is distinct from r.postal_code
      or 'chapter' = any (p_columns) and k.chapter is distinct from r.chapter then
      v_changed := v_changed || 'residence'::text;
    end if;
  end if;
  if p_columns && array['member_since', 'member_until'] then
    select known.* into s from reporting.memberships as known where known.member_id = p_member_id order by known.since desc nulls last limit 1;
    if 'member_since' = any (p_columns) and r.member_since is not null and s.since is distinct from r.member_since
      or 'member_until' = any (p_columns) and s.until is distinct from r.member_until then
      v_changed := v_changed || 'membership'::text;
    end if;
  end if;
  if r.dues_year is not null and r.dues_amount is not null and not exists (
    select from reporting.dues as d
    where d.member_id = p_member_id and d.year = r.dues_year and d.amount = r.dues_amount and d.paid_on is not distinct from r.dues_paid_on) then
    v_changed := v_changed || 'dues'::text;
  end if;
  return v_changed;
end
$$;
comment on function private.changed_membership is 'In: columns the file has, the member (an id that nobody has: a new one), the row. Out: which of residence, membership and dues differ.';
-- end db/functions/reporting/private.changed_membership.sql

-- begin db/functions/number/private.number_confirmations.sql
-- What makes an imported number as good as one that a login brought: a login that agreed with it, or a coordinator who kept it. The one place
-- that says so, for a single member (private.number_is_verified) and for all of an organisation (private.count_persons).
create or replace view private.number_confirmations with (security_invoker = true) as
select o.organization_id, o.member_id, 'infinity'::timestamptz as until
from registry.observations as o where o.outcome = 'confirmed'
union all
select c.organization_id, c.member_id, c.closed_at
from registry.conflicts as c where c.kind = 'mismatch' and c.state = 'resolved' and c.decision = 'keep_existing';
comment on view private.number_confirmations is 'Confirmations of numbers that members have.';
comment on column private.number_confirmations.organization_id is 'Whose member.';
comment on column private.number_confirmations.member_id is 'The member.';
comment on column private.number_confirmations.until is 'Numbers that came to the record before this are confirmed by it.';
-- end db/functions/number/private.number_confirmations.sql

-- begin db/functions/number/private.number_is_verified.sql
-- A number that a login brought or confirmed, or a coordinator chose, is worth more than what an export says: somebody proved
-- it, or judged it. An import does not replace such a number.
create or replace function private.number_is_verified(m registry.members)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select m.personnummer_index is not null and (
    m.personnummer_source <> 'import' is true
    or exists (
      select from private.number_confirmations as k
      where k.organization_id = m.organization_id and k.member_id = m.id and (k.until = 'infinity' or k.until >= m.personnummer_at)))
$$;
comment on function private.number_is_verified is 'In: a member. Out: whether its number came from, or was confirmed by, a login, or was chosen or kept by a coordinator.';
-- end db/functions/number/private.number_is_verified.sql

-- begin db/functions/import/private.plan_import.sql
-- What each row of an import comes to, before anything is written. The rows' numbers differ from each other and so do their
-- external ids; the caller sees to that. A merged record is only a mark of where it went, and is left alone, and
-- so is one of a person who is being erased; but a merged record may still be the one under which the member system has residence and dues.
create or replace function private.plan_import(p_run registry.import_runs, p_rows private.imported_member[])
returns setof private.import_step
language sql volatile rows 10
set search_path = pg_catalog, pg_temp
as $$
  select
    coalesce(m.id, gen_random_uuid()),
    m.id is null,
    case when m.id is null or m.merged_into is not null or m.erasure_id is not null then '{}' else
      private.changed_columns(p_run.columns, m, r) || case when n.step = 'write' then array['personnummer'] else '{}' end
    end || case when m.id is not null and m.erasure_id is null then private.changed_membership(p_run.columns, m.id, r) else '{}' end,
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
      when r.personnummer_index is null or m.merged_into is not null or m.erasure_id is not null or holder.id = m.id then 'none'
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
-- end db/functions/import/private.plan_import.sql

-- begin db/functions/import/private.waiting_portions.sql
-- Waiting numbers a thousand at a time, so that memory does not grow with the file.
create or replace function private.waiting_portions(p_run_id uuid, p_which text)
returns setof integer[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(w.line order by w.line)
  from (
    select known.line, (row_number() over (order by known.line) - 1) / 1000 as portion
    from registry.waiting_numbers as known
    where known.run_id = p_run_id and case p_which
      when 'first' then known.nth = 1
      when 'moving' then known.moving
      when 'staying' then known.nth = 1 and not known.moving
      when 'later' then known.nth > 1
      when 'taken' then known.nth > 1 and known.step <> 'write'
    end
  ) as w
  group by w.portion order by w.portion
$$;
comment on function private.waiting_portions is 'In: a run; first (the first rows of each number), moving or staying (of these), later (the other rows), or taken (those of them whose number somebody has). Out: lines of its file, in portions.';
-- end db/functions/import/private.waiting_portions.sql

-- begin db/functions/import/private.waiting_rows.sql
-- Waiting numbers as rows of an import.
create or replace function private.waiting_rows(p_run_id uuid, p_lines integer[])
returns private.imported_member[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(
    row(w.line, w.external_id, null, null, null, null, null, w.personnummer_index, w.personnummer_index_previous, w.personnummer_sealed,
      w.personnummer_masked, null, null, null, null, null, null, null, null, null)::private.imported_member order by w.line)
  from registry.waiting_numbers as w
  where w.run_id = p_run_id and w.line = any (p_lines)
$$;
comment on function private.waiting_rows is 'In: a run, lines of its file. Out: the numbers of these lines that wait.';
-- end db/functions/import/private.waiting_rows.sql

-- begin db/functions/import/private.plan_waiting.sql
-- What waiting numbers come to now that the file has been read.
create or replace function private.plan_waiting(p_run registry.import_runs, p_which text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
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
comment on function private.plan_waiting is 'In: a run, which of its waiting numbers (private.waiting_portions). Writes down what each comes to; a first row moves, unless it is blocked (private.mark_blocked).';
-- end db/functions/import/private.plan_waiting.sql

-- begin db/functions/import/private.mark_blocked.sql
-- An export is right as a whole: a number can go to another member when its holder gets another number by the same file, so two members'
-- numbers can be exchanged. A row is blocked when the holder keeps the number, or is blocked itself. One row is looked up from the
-- other by an index (offset 0: not joined any other way), however long the chain.
create or replace function private.mark_blocked(p_run registry.import_runs)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with recursive blocked as (
    select w.member_id from registry.waiting_numbers as w
    where w.run_id = p_run.id and w.nth = 1 and w.step = 'duplicate' and not private.is_given_up(p_run, w)
    union
    select next.member_id from blocked as b
    cross join lateral (
      select w.member_id from registry.waiting_numbers as w
      where w.run_id = p_run.id and w.holder_id = b.member_id and w.nth = 1 and w.step = 'duplicate' offset 0) as next
  )
  update registry.waiting_numbers as w set moving = false
  from blocked as b where w.run_id = p_run.id and w.member_id = b.member_id and w.nth = 1
$$;
comment on function private.mark_blocked is 'In: a run whose first rows are planned (private.plan_waiting). What cannot go to its member, even when all that can have given up theirs, does not move.';
-- end db/functions/import/private.mark_blocked.sql

-- begin db/functions/reporting/private.changed_of.sql
-- A new record is counted as added, not as changed; what its row says of membership is to be written all the same.
create or replace function private.changed_of(p_run registry.import_runs, s private.import_step)
returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when s.is_new then private.changed_membership(p_run.columns, s.member_id, s.imported) else s.changed end;
end
$$;
comment on function private.changed_of is 'In: a run, a step of it. Out: what is to be written of residence, membership and dues, besides other columns.';
-- end db/functions/reporting/private.changed_of.sql

-- begin db/functions/reporting/private.write_memberships.sql
-- A first day that comes while a membership lasts corrects its first day; one that comes after it ended begins another. Dues of a year are as the
-- last import says. A first day from before an earlier membership says that there was one all the time.
create or replace function private.write_memberships(p_run registry.import_runs, p_steps private.import_step[])
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  delete from reporting.memberships as k
  using unnest(p_steps) as s cross join lateral (select (s.imported).*) as r
  where k.member_id = s.member_id and k.since >= r.member_since and 'membership' = any (private.changed_of(p_run, s))
    and k.since < (select max(later.since) from reporting.memberships as later where later.member_id = s.member_id);

  with given as (
    select s.member_id, r.member_since as since, r.member_until as until, 'member_until' = any (p_run.columns) as has_until
    from unnest(p_steps) as s cross join lateral (select (s.imported).*) as r
    where 'membership' = any (private.changed_of(p_run, s))
  ), latest as (
    select distinct on (k.member_id) k.member_id, k.since, k.until from reporting.memberships as k join given as g on g.member_id = k.member_id
    order by k.member_id, k.since desc nulls last
  ), corrected as (
    update reporting.memberships as k
    set since = least(coalesce(g.since, k.since), case when g.has_until then g.until end),
        until = case when g.has_until then g.until when k.until >= g.since is not false then k.until end
    from given as g join latest as l on l.member_id = g.member_id
    where k.member_id = l.member_id and k.since is not distinct from l.since
      and (g.since is null or l.since is null or l.since >= g.since or l.until is null or l.until >= g.since)
    returning k.member_id
  )
  insert into reporting.memberships (organization_id, member_id, since, until)
  select p_run.organization_id, g.member_id, g.since, g.until from given as g
  where not exists (select from corrected as c where c.member_id = g.member_id);

  insert into reporting.dues as known (organization_id, member_id, year, paid_on, amount)
  select p_run.organization_id, s.member_id, r.dues_year, r.dues_paid_on, r.dues_amount
  from unnest(p_steps) as s cross join lateral (select (s.imported).*) as r
  where 'dues' = any (private.changed_of(p_run, s))
  on conflict (member_id, year) do update set paid_on = excluded.paid_on, amount = excluded.amount
$$;
comment on function private.write_memberships is 'In: a run, its steps. Writes from when until when the members are members, and what they paid.';
-- end db/functions/reporting/private.write_memberships.sql

-- begin db/functions/reporting/private.read_municipality.sql
-- What a file says: a number of today or of an earlier division (a spreadsheet may have lost its first 0), a number with a name after it, or a
-- name in any of its languages. The newest municipality of that number or name is meant. Two of one name are told apart by the county in brackets.
create or replace function private.read_municipality(p_written text)
returns table (code text, year integer)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last constant integer := (select max(d.year) from reporting.divisions as d);
  v_code constant text := lpad(substring(p_written from '^\s*([0-9]{3,4})(?:\s|$)'), 4, '0');
  v_name constant text := private.lower_letters(normalize(btrim(regexp_replace(p_written, '\s+kommune\s*$', '', 'i')), NFD));
begin
  return query
  with known as (
    select m.code, coalesce(m.last_year, v_last) as year from reporting.municipalities as m
    where case when v_code is not null then m.code = v_code else private.lower_letters(normalize(m.name, NFD)) = v_name
      or private.lower_letters(normalize(regexp_replace(m.name, '\s+\([^)]*\)$', ''), NFD)) = v_name
      or v_name = any (string_to_array(private.lower_letters(normalize(m.name, NFD)), ' - ')) end
  ), newest as (
    select distinct k.code, k.year from known as k where k.year = (select max(other.year) from known as other)
  )
  select n.code, n.year from newest as n where (select count(*) from newest) = 1;
end
$$;
comment on function private.read_municipality is 'In: a municipality as a file has it. Out: its number and the newest year of that number; no row: it is none, or may be one of several.';
-- end db/functions/reporting/private.read_municipality.sql

-- begin db/functions/reporting/private.write_residences.sql
-- History is kept: what changed holds from the day of the import on, so a move in November changes nothing of last year. A second import on one
-- day corrects the first.
create or replace function private.write_residences(p_run registry.import_runs, p_steps private.import_step[])
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into reporting.residences as known
    (organization_id, member_id, known_from, municipality, municipality_year, municipality_written, address, postal_code, chapter)
  select p_run.organization_id, s.member_id, (now() at time zone 'Europe/Oslo')::date,
    case when g.has_place then p.code else before.municipality end, case when g.has_place then p.year else before.municipality_year end,
    case when g.has_place then r.municipality else before.municipality_written end,
    case when 'address' = any (p_run.columns) then r.address else before.address end,
    case when 'postal_code' = any (p_run.columns) then r.postal_code else before.postal_code end,
    case when 'chapter' = any (p_run.columns) then r.chapter else before.chapter end
  from unnest(p_steps) as s
  cross join lateral (select (s.imported).*) as r
  cross join (select 'municipality' = any (p_run.columns)) as g(has_place)
  left join lateral private.read_municipality(r.municipality) as p on r.municipality is not null
  left join lateral (
    select k.* from reporting.residences as k where k.member_id = s.member_id order by k.known_from desc limit 1) as before on true
  where 'residence' = any (private.changed_of(p_run, s))
  on conflict (member_id, known_from) do update
  set municipality = excluded.municipality, municipality_year = excluded.municipality_year, municipality_written = excluded.municipality_written,
      address = excluded.address, postal_code = excluded.postal_code, chapter = excluded.chapter
$$;
comment on function private.write_residences is 'In: a run, its steps. Writes where the members live from today on.';
-- end db/functions/reporting/private.write_residences.sql

-- begin db/functions/import/private.write_import.sql
-- Puts planned rows into the member records: new ones, then those that change. One audit event for each.
create or replace function private.write_import(p_run registry.import_runs, p_steps private.import_step[])
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
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
    phone = case when 'phone' = any (s.changed) then r.phone else m.phone end
  from unnest(p_steps) as s
  cross join lateral (select (s.imported).*) as r
  where m.id = s.member_id and not s.is_new and s.changed && array['given_name', 'family_name', 'birth_date', 'email', 'phone'];
  perform private.write_residences(p_run, p_steps);
  perform private.write_memberships(p_run, p_steps);

  perform private.write_numbers(
    array_agg(s.member_id), array_agg(row(r.personnummer_index, r.personnummer_index_previous, r.personnummer_sealed, r.personnummer_masked,
      'import', clock_timestamp())::registry.number))
  from unnest(p_steps) as s
  cross join lateral (select (s.imported).*) as r
  where not s.is_new and s.number = 'write';

  perform private.record_event(
    case when s.is_new then 'member_added' else 'member_updated' end, 'import', p_run.organization_id,
    format(case when s.is_new then 'An import added the member record%2$s.' else 'An import changed %1$s of the member record%2$s.' end,
      replace(array_to_string(s.changed, ', '), '_', ' '),
      case when s.number = 'write' then format(', with the personnummer %s', (s.imported).personnummer_masked) end),
    p_member_id => s.member_id,
    p_detail => jsonb_strip_nulls(jsonb_build_object(
      'import_run_id', p_run.id, 'line', (s.imported).line, 'changed', nullif(to_jsonb(s.changed), '[]'),
      'personnummer', case when s.number = 'write' then (s.imported).personnummer_masked end)))
  from unnest(p_steps) as s
  where s.is_new or s.changed <> '{}';
end
$$;
comment on function private.write_import is 'In: a run, its steps. Makes and changes member records, with their audit events.';
-- end db/functions/import/private.write_import.sql

-- begin db/functions/import/private.move_numbers.sql
-- Numbers change hands: all are given up first, because a number is only ever on one record. Whether a case is obsolete is asked when all
-- have got theirs: until then a record may have none, which answers nothing.
create or replace function private.move_numbers(p_run registry.import_runs)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lines integer[];
  v_steps private.import_step[];
begin
  perform private.write_numbers(array(
    select m.id from registry.members as m
    where m.personnummer_index is not null
      and m.id in (select w.member_id from registry.waiting_numbers as w where w.run_id = p_run.id and w.moving)), null);
  for v_lines in select l.lines from private.waiting_portions(p_run.id, 'moving') as l(lines) loop
    v_steps := array(
      select row(w.member_id, false, array['personnummer'], 'write', null, r)::private.import_step
      from unnest(private.waiting_rows(p_run.id, v_lines)) as r
      join registry.waiting_numbers as w on w.run_id = p_run.id and w.line = r.line);
    perform private.write_import(p_run, v_steps);
  end loop;
  for v_lines in select l.lines from private.waiting_portions(p_run.id, 'moving') as l(lines) loop
    perform private.close_obsolete_cases(p_run.organization_id,
      array(select w.member_id from registry.waiting_numbers as w where w.run_id = p_run.id and w.line = any (v_lines)), 'import');
  end loop;
end
$$;
comment on function private.move_numbers is 'In: a run with numbers that move. Writes them, with their audit events; closes cases that this leaves obsolete.';
-- end db/functions/import/private.move_numbers.sql

-- begin db/functions/import/private.open_import_case.sql
-- A number that an import may not write becomes a case, the same one that a login with that number would open. What the
-- import brought is kept beside the case, sealed, for a coordinator who decides that it is right after all.
create or replace function private.open_import_case(p_run registry.import_runs, p_step private.import_step)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  r constant private.imported_member := p_step.imported;
  -- Of a record with a number of its own it is asked which number is right, also where another member has the other one.
  v_kind constant registry.conflict_kind := (case when exists (
    select from registry.members as m where m.id = p_step.member_id and m.personnummer_index is not null)
    then 'mismatch' else 'duplicate' end)::registry.conflict_kind;
  o registry.observations;
  c registry.conflicts;
begin
  o.organization_id := p_run.organization_id;
  o.member_id := p_step.member_id;
  o.personnummer_index := r.personnummer_index;
  o.personnummer_index_previous := coalesce(r.personnummer_index_previous, '{}');
  o.personnummer_masked := r.personnummer_masked;
  o.explanation := jsonb_build_object('import_run_id', p_run.id, 'line', r.line, 'personnummer', r.personnummer_masked);
  c := private.open_case_of_login(v_kind, o, p_step.member_id, p_step.other_member_id);
  if c.seen > 1 then
    -- What waits to be judged is kept under the keys of today.
    update registry.offered_numbers as n
    set personnummer_index = r.personnummer_index, personnummer_index_previous = o.personnummer_index_previous,
        personnummer_sealed = r.personnummer_sealed
    where n.conflict_id = c.id and n.personnummer_index = any (o.personnummer_index_previous);
    return;
  end if;
  insert into registry.offered_numbers
    (conflict_id, personnummer_index, personnummer_index_previous, personnummer_sealed, personnummer_masked)
  values (c.id, r.personnummer_index, o.personnummer_index_previous, r.personnummer_sealed, r.personnummer_masked);
  perform private.record_event('import_' || p_step.number, 'import', p_run.organization_id,
    case p_step.number
      when 'conflict' then format('An import brought another personnummer (%s) than the verified one; the record was left as it is.',
        r.personnummer_masked)
      else format('An import brought the personnummer %s, which another member has; it was not written.', r.personnummer_masked)
    end,
    p_member_id => p_step.member_id, p_conflict_id => c.id,
    p_push_id => (select p.id from sync.pushes as p where p.waits_for_conflict_id = c.id limit 1),
    p_detail => jsonb_strip_nulls(o.explanation || jsonb_build_object('other_member_id', p_step.other_member_id)));
end
$$;
comment on function private.open_import_case is 'In: a run, a step whose number is not written. Opens the case, or counts it up.';
-- end db/functions/import/private.open_import_case.sql

-- begin db/functions/import/private.open_waiting_cases.sql
-- Numbers that stay where they are become cases.
create or replace function private.open_waiting_cases(p_run registry.import_runs, p_which text)
returns registry.import_runs
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs := p_run;
  v_lines integer[];
begin
  for v_lines in select l.lines from private.waiting_portions(v_run.id, p_which) as l(lines) loop
    if not v_run.dry_run then
      perform private.open_import_case(v_run, row(w.member_id, false, '{}', w.step, w.holder_id, r)::private.import_step)
      from unnest(private.waiting_rows(v_run.id, v_lines)) as r
      join registry.waiting_numbers as w on w.run_id = v_run.id and w.line = r.line and w.step in ('duplicate', 'conflict');
    end if;
    select v_run.duplicates + count(*) filter (where w.step = 'duplicate'), v_run.conflicts + count(*) filter (where w.step = 'conflict')
    into v_run.duplicates, v_run.conflicts
    from registry.waiting_numbers as w where w.run_id = v_run.id and w.line = any (v_lines);
  end loop;
  return v_run;
end
$$;
comment on function private.open_waiting_cases is 'In: a run, which of its planned numbers (private.waiting_portions). Out: the run with its counts. Opens the cases.';
-- end db/functions/import/private.open_waiting_cases.sql

-- begin db/functions/import/private.settle_waiting.sql
-- All rows of the file have come: the numbers that waited go to their members, or are cases. Where several rows want the same number,
-- the later ones find somebody who has it; if the first one could not take it, they are looked at in another round.
create or replace function private.settle_waiting(p_run registry.import_runs)
returns registry.import_runs
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs := p_run;
  v_changed integer;
begin
  v_run.columns := '{}'; -- everything else in these rows is written already
  if not v_run.dry_run then
    perform private.lock_waiting(v_run);
  end if;
  loop
    -- Of several rows that want the same number the first in the file comes first.
    update registry.waiting_numbers as w set nth = r.nth
    from (
      select known.line, row_number() over (partition by known.personnummer_index order by known.line) as nth
      from registry.waiting_numbers as known where known.run_id = v_run.id
    ) as r
    where w.run_id = v_run.id and w.line = r.line;
    exit when not found;
    perform private.plan_waiting(v_run, 'first');
    perform private.mark_blocked(v_run);
    if not v_run.dry_run then
      perform private.move_numbers(v_run);
    end if;
    -- A row was counted when it came, as added, changed or unchanged; a number that it gets now makes an unchanged one a changed one.
    select count(*) into v_changed from registry.waiting_numbers as w where w.run_id = v_run.id and w.moving and w.counted_unchanged;
    v_run.updated := v_run.updated + v_changed;
    v_run.unchanged := v_run.unchanged - v_changed;
    if v_run.dry_run then -- remembers who got which number, because no record does
      update registry.import_lines as l set personnummer_index = w.personnummer_index
      from registry.waiting_numbers as w
      where w.run_id = v_run.id and w.moving and l.run_id = v_run.id and l.external_id = w.external_id;
    end if;
    v_run := private.open_waiting_cases(v_run, 'staying');
    perform private.plan_waiting(v_run, 'later');
    v_run := private.open_waiting_cases(v_run, 'taken');
    delete from registry.waiting_numbers as w where w.run_id = v_run.id and (w.nth = 1 or w.step <> 'write');
  end loop;
  v_run.columns := p_run.columns;
  return v_run;
exception when unique_violation then
  raise exception 'A number was given to somebody else meanwhile.' using errcode = 'serialization_failure';
end
$$;
comment on function private.settle_waiting is 'In: a run whose file has been read. Out: the run with its counts. Writes the numbers that can go to their members, and opens cases for the others. Raises serialization_failure: call again.';
-- end db/functions/import/private.settle_waiting.sql

-- begin db/functions/import/private.end_import.sql
-- A run ends, with one audit event. A dry run leaves no trace. Numbers that wait are settled when the whole file has been read, and while
-- there is a legal basis for storing them; of a run that is given up they are forgotten, because who would give them up is not known.
create or replace function private.end_import(p_run registry.import_runs, p_state registry.import_state)
returns registry.import_runs
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs := p_run;
begin
  perform from registry.organizations as g where g.id = v_run.organization_id and g.capture for key share;
  if found and p_state = 'finished' then
    v_run := private.settle_waiting(v_run);
  end if;
  if v_run.dry_run then
    delete from registry.import_runs where id = v_run.id;
    return v_run;
  end if;
  delete from registry.waiting_numbers where run_id = v_run.id;
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
comment on function private.end_import is 'In: a running import, finished or abandoned. Out: the run with its last counts. Ends it. Raises serialization_failure: call again.';
-- end db/functions/import/private.end_import.sql

-- begin db/functions/import/import.finish_run.sql
-- The last call of an import, when every record of the file has arrived.
create or replace function import.finish_run(run_id uuid)
returns table (records_done integer, added integer, updated integer, unchanged integer, duplicates integer, conflicts integer, rejected integer)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run constant registry.import_runs := private.end_import(private.lock_run(finish_run.run_id), 'finished');
begin
  return query select v_run.records_done, v_run.added, v_run.updated, v_run.unchanged, v_run.duplicates, v_run.conflicts, v_run.rejected;
end
$$;
comment on function import.finish_run is 'In: a running import. Out: its counts. Settles the numbers that waited for the end of the file, and ends it. Raises PN006.';
grant execute on function import.finish_run to member_importer;
-- end db/functions/import/import.finish_run.sql

-- begin db/functions/import/private.analyze_import.sql
-- An empty database fills faster than autovacuum looks at it, and plans made for a handful of rows read whole tables for each
-- row of a million. So statistics are taken whenever the import has doubled, which is ten times for a million rows.
create or replace function private.analyze_import(p_records_before integer, p_records_now integer)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if log(2, greatest(p_records_now, 512))::integer > log(2, greatest(p_records_before, 512))::integer then
    analyze registry.members, registry.import_lines;
  end if;
end
$$;
comment on function private.analyze_import is 'In: records done before and after a batch. Takes statistics of the tables that grew, if the import has doubled.';
-- end db/functions/import/private.analyze_import.sql

-- begin db/functions/import/private.lock_imported.sql
-- Logins go on while an import runs. Who is about to give a number to a member meets them at the number and then at the
-- record, in the same order as a login does. Numbers that their members have already are not locked, so importing the same
-- file again disturbs nobody.
create or replace function private.lock_imported(p_run registry.import_runs, p_rows private.imported_member[])
returns uuid[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_locked uuid[];
begin
  perform private.lock_number(p_run.organization_id, n.masked)
  from (
    select distinct r.personnummer_masked as masked
    from unnest(p_rows) as r
    where r.personnummer_index is not null and not exists (
      select from registry.members as m
      where m.organization_id = p_run.organization_id and m.external_id = r.external_id and m.personnummer_index = r.personnummer_index)
    order by 1
  ) as n;
  select array_agg(m.id) into v_locked from (
    select known.id from registry.members as known
    where known.id in (
      select s.member_id from private.plan_import(p_run, p_rows) as s where not s.is_new and s.changed <> '{}' or s.number = 'conflict')
    order by known.id for no key update) as m;
  return v_locked;
end
$$;
comment on function private.lock_imported is 'In: a run, its rows. Out: the members that are locked now. Waits until no login is about to change the same numbers or records.';
-- end db/functions/import/private.lock_imported.sql

-- begin db/functions/import/private.plan_batch.sql
-- Several rows of a batch may have one number: the first that may write it gets it, and to the later ones it is another member's. Nothing else
-- of a row hangs on the others, so all are planned at once: one after the other, a batch of such rows would be planned as often as it has rows.
create or replace function private.plan_batch(p_run registry.import_runs, p_rows private.imported_member[])
returns private.import_step[]
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with planned as materialized (
    select s.member_id, s.is_new, s.changed, s.number, s.other_member_id, s.imported, (s.imported).line, (s.imported).personnummer_index
    from private.plan_import(p_run, p_rows) as s
  ), writer as (
    select distinct on (p.personnummer_index) p.personnummer_index, p.line, p.member_id
    from planned as p where p.number = 'write' order by p.personnummer_index, p.line
  )
  select coalesce(array_agg(row(
      p.member_id, p.is_new,
      case when p.number = 'write' and w.line < p.line then array_remove(p.changed, 'personnummer') else p.changed end,
      case when p.number = 'write' and w.line < p.line then 'duplicate' else p.number end,
      -- In a dry run nobody gets the number.
      case when w.line < p.line and not p_run.dry_run then coalesce(p.other_member_id, w.member_id) else p.other_member_id end,
      p.imported)::private.import_step order by p.line), '{}')
  from planned as p left join writer as w on w.personnummer_index = p.personnummer_index
$$;
comment on function private.plan_batch is 'In: a run, rows with different external ids. Out: one step for each, in the order of lines. Writes nothing.';
-- end db/functions/import/private.plan_batch.sql

-- begin db/functions/import/private.still_locked.sql
-- While an import waits for some records, a number may change on another one that it had no business with until then. Nobody would wait
-- for what it does to that one: a login could fill it a moment before it is overwritten, or its case be obsolete before it is open.
create or replace function private.still_locked(p_steps private.import_step[], p_locked uuid[])
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select s.member_id from unnest(p_steps) as s where not s.is_new and (s.changed <> '{}' or s.number = 'conflict')
    except select unnest(p_locked))
  then
    raise exception 'A record was changed meanwhile.' using errcode = 'serialization_failure';
  end if;
end
$$;
comment on function private.still_locked is 'In: the steps of an import, the members that it has locked. Raises serialization_failure, so that the batch is sent again, if a step changes or asks about another member.';
-- end db/functions/import/private.still_locked.sql

-- begin db/functions/import/private.import_batch.sql
-- One batch of an import. A number that another member has, or gets by an earlier row, may be given up by that member in a later row: it waits
-- for the end of the file (private.settle_waiting).
create or replace function private.import_batch(p_run registry.import_runs, p_rows private.imported_member[])
returns registry.import_runs
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs := p_run;
  v_steps private.import_step[];
  v_locked uuid[];
begin
  if not v_run.dry_run then
    v_locked := private.lock_imported(v_run, p_rows);
  end if;
  v_steps := private.plan_batch(v_run, p_rows);
  if not v_run.dry_run then
    perform private.still_locked(v_steps, v_locked);
    perform private.write_import(v_run, v_steps);
    perform private.close_obsolete_cases(v_run.organization_id, got.ids, 'import')
    from (select array_agg(s.member_id) as ids from unnest(v_steps) as s where s.number = 'write' and not s.is_new) as got
    where got.ids is not null;
    perform private.open_import_case(v_run, s) from unnest(v_steps) as s where s.number = 'conflict';
  end if;
  insert into registry.waiting_numbers (run_id, line, external_id, personnummer_index, personnummer_index_previous, personnummer_sealed,
    personnummer_masked, counted_unchanged)
  select v_run.id, r.line, r.external_id, r.personnummer_index, coalesce(r.personnummer_index_previous, '{}'), r.personnummer_sealed,
    r.personnummer_masked, not s.is_new and s.changed = '{}'
  from unnest(v_steps) as s cross join lateral (select (s.imported).*) as r
  where s.number = 'duplicate';
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
  return v_run;
end
$$;
comment on function private.import_batch is 'In: a run, rows with different external ids. Out: the run with its counts. Writes records, cases and audit events, or in a dry run nothing of these; numbers that another member has wait.';
-- end db/functions/import/private.import_batch.sql

-- begin db/functions/erasure/private.why_not_import.sql
-- Who was erased does not come back by the next export: whoever wants that says so, and a member number that the member system has still to be told
-- of waits for it. Nothing is changed of somebody who is about to be erased.
create or replace function private.why_not_import(p_run registry.import_runs, p_external_id text)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  m registry.members;
begin
  if not exists (select from audit.erased_records as r where r.organization_id = p_run.organization_id) then
    return null; -- nearly always
  elsif not exists (
    select from audit.erased_records as r
    where r.organization_id = p_run.organization_id
      and r.external_id_digest = private.digest_external_id(p_run.organization_id, p_external_id)) then
    return null;
  end if;
  select known.* into m from registry.members as known
  where known.organization_id = p_run.organization_id and known.external_id = p_external_id;
  return case
    when m.erasure_id is not null then 'member_being_erased'
    when m.id is null and not p_run.readmit then 'member_erased'
  end;
end
$$;
comment on function private.why_not_import is 'In: a run, a member number. Out: member_erased (it comes back only where the run says so), member_being_erased (the erasure, or the removal from the member system, is under way), or null: go ahead.';
-- end db/functions/erasure/private.why_not_import.sql

-- begin db/functions/import/private.read_rows.sql
-- Rows as the program hands them over. A member can stand in a file once only; while an organisation has not recorded its legal
-- basis, numbers are dropped here, as they are for logins. Who was erased is not brought back.
create or replace function private.read_rows(p_run registry.import_runs, p_rows jsonb)
returns table (imported private.imported_member, is_first boolean, refused_as text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select r,
    row_number() over (partition by r.external_id order by r.line) = 1
      and not exists (select from registry.import_lines as l where l.run_id = p_run.id and l.external_id = r.external_id and not l.rejected),
    private.why_not_import(p_run, r.external_id)
  from registry.organizations as g
  cross join lateral jsonb_array_elements(p_rows) as e(element)
  cross join lateral jsonb_populate_record(null::private.imported_member, case when g.capture then e.element else e.element
    - array['personnummer_index', 'personnummer_index_previous', 'personnummer_sealed', 'personnummer_masked'] end) as r
  where g.id = p_run.organization_id
$$;
comment on function private.read_rows is 'In: a run, rows as JSON. Out: the rows, whether the file has had no row with that external id before, and the code by which it is refused because the person was erased.';
-- end db/functions/import/private.read_rows.sql

-- begin db/functions/import/private.reject_rows.sql
-- Rows that are not imported are remembered by line and reason; the file of rejected rows is written from here, so that a
-- killed import loses none and lists none twice. Whose row it was is in the file all the same, and not absent.
create or replace function private.reject_rows(p_run_id uuid, p_rejections jsonb)
returns integer
language sql volatile
set search_path = pg_catalog, pg_temp
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
-- end db/functions/import/private.reject_rows.sql

-- begin db/functions/import/import.load_rows.sql
-- The main call of an import: one batch, one transaction. A batch that has arrived already is answered and not done again, so the
-- program may repeat it when a connection breaks.
create or replace function import.load_rows(run_id uuid, from_record integer, records integer, rows jsonb, rejections jsonb)
returns table (records_done integer, added integer, updated integer, unchanged integer, duplicates integer, conflicts integer, rejected integer)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs := private.lock_run(load_rows.run_id);
  v_rows private.imported_member[];
  v_repeated jsonb;
begin
  if v_run.records_done < load_rows.from_record then
    raise exception 'Records of the file were left out.' using errcode = 'PN007';
  elsif v_run.records_done = load_rows.from_record then
    select coalesce(array_agg(r.imported) filter (where r.is_first and r.refused_as is null), '{}'),
           coalesce(jsonb_agg(jsonb_build_object('line', (r.imported).line,
             'reasons', array[case when r.is_first then r.refused_as else 'external_id_repeated' end]))
             filter (where not r.is_first or r.refused_as is not null), '[]')
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
-- end db/functions/import/import.load_rows.sql

-- begin db/functions/erasure/private.missing_erasures.sql
-- A restored backup is held to the ledger outside the database. An erasure that is announced here is known: the worker carries it out. Persons of an
-- organisation that is not here are not here either.
create or replace function private.missing_erasures(p_erasure_ids uuid[], p_organizations text[])
returns uuid[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select l.erasure_id from unnest(p_erasure_ids, p_organizations) as l(erasure_id, organization)
    where exists (select from registry.organizations as g where g.slug = l.organization)
      and not exists (select from audit.erasures as e where e.id = l.erasure_id))
$$;
comment on function private.missing_erasures is 'In: erasures of the ledger, and beside each its organisation (slug). Out: those that this database does not know.';
-- end db/functions/erasure/private.missing_erasures.sql

-- begin db/functions/erasure/import.missing_erasures.sql
-- Asked at every start of a program (private.missing_erasures).
create or replace function import.missing_erasures(erasure_ids uuid[], organizations text[])
returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.missing_erasures(missing_erasures.erasure_ids, missing_erasures.organizations)
$$;
comment on function import.missing_erasures is 'In: erasures of the ledger outside the database, and beside each its organisation (slug). Out: those that the database does not know: it is an older backup, and must not be used.';
grant execute on function import.missing_erasures to member_importer;
-- end db/functions/erasure/import.missing_erasures.sql

-- begin db/functions/import/import.rejections.sql
-- For the file of rejected rows, a page at a time.
create or replace function import.rejections(run_id uuid, after_line integer, most integer)
returns table (line integer, reasons text[])
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select r.line, r.reasons from registry.import_rejections as r
  where r.run_id = rejections.run_id and r.line > rejections.after_line
  order by r.line limit rejections.most
$$;
comment on function import.rejections is 'In: a run, the last line of the page before (0: none), rows a page. Out: rejected lines with their reasons.';
grant execute on function import.rejections to member_importer;
-- end db/functions/import/import.rejections.sql

-- begin db/functions/import/import.start_run.sql
-- The first call of an import. The same file with the same settings goes on where its run was killed; another file gives up the run
-- that was not finished. Two starts at once go one after the other.
create or replace function import.start_run(organization text, fingerprint text, columns text[], dry_run boolean, readmit boolean default false)
returns table (run_id uuid, organization_id uuid, capture boolean, records_done integer, is_compared boolean, has_basis boolean)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  g registry.organizations;
  v_run registry.import_runs;
begin
  select known.* into g from registry.organizations as known where known.slug = start_run.organization for no key update;
  if g.id is null then
    raise exception 'There is no such organisation.' using errcode = 'PN005', hint = 'Organisations are rows in registry.organizations.';
  end if;
  select r.* into v_run from registry.import_runs as r
  where r.organization_id = g.id and r.dry_run = start_run.dry_run and r.state = 'running' for update;
  if v_run.fingerprint <> start_run.fingerprint or v_run.dry_run then
    perform private.end_import(v_run, 'abandoned');
    v_run := null;
  end if;
  if v_run.id is null then
    insert into registry.import_runs (organization_id, fingerprint, columns, dry_run, readmit)
    values (g.id, start_run.fingerprint, start_run.columns, start_run.dry_run, start_run.readmit)
    returning * into v_run;
  end if;
  return query select v_run.id, g.id, g.capture, v_run.records_done, v_run.accepted_at is not null, (private.import_basis(g.id)).id is not null;
end
$$;
comment on function import.start_run is 'In: organisation (slug), SHA-256 of file and settings, columns the file has, whether nothing is to be changed, whether erased members may come back. Out: the run, how many records it has done already, whether its file has been accepted, and whether there is an import to compare it with. Raises PN005.';
grant execute on function import.start_run to member_importer;
-- end db/functions/import/import.start_run.sql

-- begin db/functions/sessions/private.may_return_to.sql
-- A code goes only where the organisation has registered an app, and a coordinator's only to an app for coordinators: otherwise a fault in
-- the members' app would be one of the coordinators' too.
create or replace function private.may_return_to(p_organization_id uuid, p_audience registry.audience, p_client_id text, p_return_to text)
returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_client_id is null and p_audience = 'members' then
    return exists (select from registry.organizations as g where g.id = p_organization_id and p_return_to = any (g.return_to));
  end if;
  return exists (
    select from registry.oauth_clients as c
    where c.organization_id = p_organization_id and c.audience = p_audience and p_return_to = any (c.redirect_uris)
      and (p_client_id is null or c.client_id = p_client_id));
end
$$;
comment on function private.may_return_to is 'In: an organisation, for whom the app is, the app (null: the older address, which names none), the address a code is to be sent to. Out: whether it is registered for that.';
-- end db/functions/sessions/private.may_return_to.sql

-- begin db/functions/sessions/private.give_link_code.sql
-- The code of a login that was proposed to be linked: alone it opens nothing. The same code again is the same call, repeated because its
-- answer was lost.
create or replace function private.give_link_code(p_observation_id uuid, r registry.code_request)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update registry.link_proposals as p
  set return_to = r.return_to, code_hash = r.code_hash, code_challenge = r.code_challenge, client_id = r.client_id, scope = r.scope,
      nonce = r.nonce, code_expires_at = coalesce(p.code_expires_at, now() + interval '60 seconds')
  where p.observation_id = p_observation_id and p.proposed_at > now() - interval '15 minutes'
    and private.may_return_to(p.organization_id, 'members', r.client_id, r.return_to)
    and (p.code_hash is null or (p.code_hash, p.code_challenge) = (r.code_hash, r.code_challenge));
  return found;
end
$$;
comment on function private.give_link_code is 'In: a proposed observation, what the app asked for, with the new code. Out: whether the code may be given out. It lives 60 seconds.';
-- end db/functions/sessions/private.give_link_code.sql

-- begin db/functions/sessions/private.session_lifetime.sql
-- A coordinator sees many members' records, and sits at a desk that others may sit at.
create or replace function private.session_lifetime(p_audience registry.audience)
returns interval
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case p_audience when 'members' then interval '30 days' when 'coordinators' then interval '12 hours' end;
end
$$;
comment on function private.session_lifetime is 'In: whose session. Out: how long it lives after it was opened or refreshed.';
-- end db/functions/sessions/private.session_lifetime.sql

-- begin db/functions/sessions/login.open_session.sql
-- The database decides who is let in: a session belongs to a fresh observation whose login is linked to the member that was found,
-- still (between login and session there may be a page that asks for consent, and a coordinator), once. The same code again is the
-- same call, repeated because its answer was lost: nobody else knows a code before it was answered.
create or replace function login.open_session(
  observation_id uuid, code_hash bytea, code_challenge text, return_to text,
  client_id text default null, scope text[] default '{}', nonce text default null
)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  r constant registry.code_request := row(open_session.return_to, open_session.code_hash, open_session.code_challenge,
    open_session.client_id, coalesce(open_session.scope, '{}'), open_session.nonce);
  v_session registry.sessions;
begin
  insert into registry.sessions (organization_id, member_id, observation_id, return_to, client_id, scope, nonce, code_hash, code_challenge,
    code_expires_at, expires_at)
  select o.organization_id, l.member_id, o.id, r.return_to, r.client_id, r.scope, r.nonce, r.code_hash, r.code_challenge,
    now() + interval '60 seconds', now() + private.session_lifetime('members')
  from registry.observations as o
  join registry.identity_links as l on l.organization_id = o.organization_id and l.issuer = o.issuer and l.subject = o.subject
    and (l.member_id = o.member_id or o.outcome = 'deferred')
  join registry.members as m on m.id = l.member_id and m.erased_at is null
  where o.id = open_session.observation_id and o.received_at > now() - interval '15 minutes'
    and private.may_return_to(o.organization_id, 'members', r.client_id, r.return_to)
  for key share of m
  on conflict do nothing
  returning * into v_session;
  if v_session.id is null then
    return exists (
      select from registry.sessions as s
      where s.observation_id = open_session.observation_id and s.code_hash = r.code_hash
        and s.code_challenge = r.code_challenge and s.code_used_at is null and s.ended_at is null)
      or private.give_link_code(open_session.observation_id, r);
  end if;
  perform private.record_event('session_opened', 'app', v_session.organization_id, 'The member was logged in.',
    p_member_id => v_session.member_id, p_observation_id => v_session.observation_id,
    p_detail => jsonb_build_object('session_id', v_session.id));
  return true;
end
$$;
comment on function login.open_session is 'In: an observation, SHA-256 of the new code, PKCE S256 challenge, registered return address; where it came by /authorize also the app, its scopes and its nonce. Out: whether the login is let in, or, where it is to be linked, may be redeemed by the session that asked; a repeated call answers the same. The code lives 60 seconds.';
grant execute on function login.open_session to auth_callback;
-- end db/functions/sessions/login.open_session.sql

-- begin db/functions/login/private.confirm_known_login.sql
-- The daily case, answered without asking anything else: a login that is linked brings the very number that its member's record has.
-- Then no other question can change the outcome. Whatever is not exactly so takes the long way, where the same login gets the same
-- answer. The record is held (private.hold_member) as its foreign key would, and needs no other lock: nothing
-- follows from the row but its audit event, and a repeated call finds the id taken. Three small
-- statements, because PostgreSQL prepares them faster for each login than one large one. The event is written here and not by private.record_event,
-- because nearly every login runs this (test/db/daily-case.test.ts holds it to what the long way writes).
create or replace function private.confirm_known_login(o registry.observations, p_organization text, p_provider text)
returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  select g.id, p.provider, (p.provider || '-login')::registry.source, m.id, 'confirmed'::registry.outcome, clock_timestamp(),
    '{"match_rule": "link"}'::jsonb
  into o.organization_id, o.provider, o.source, o.member_id, o.outcome, o.settled_at, o.explanation
  from registry.organizations as g
  join registry.identity_providers as p on p.organization_id = g.id
  join registry.identity_links as l on l.organization_id = g.id
  join registry.members as m on m.id = l.member_id
  where g.slug = p_organization and g.capture and p.provider::text = p_provider
    and l.issuer = o.issuer and l.subject = o.subject and l.revoked_at is null
    and m.personnummer_index = o.personnummer_index
  for key share of m;
  if not found then
    return null;
  end if;
  -- Column by column: taking the row apart (o.*) is dearer, and this is what nearly every login runs.
  insert into registry.observations (id, organization_id, provider, source, issuer, subject, acr, authenticated_at, issued_at,
    outcome, settled_at, member_id, explanation, received_at,
    personnummer_index, personnummer_index_previous, personnummer_sealed, personnummer_masked,
    given_name, family_name, birth_date, phone, phone_verified, email, email_verified, traceparent)
  values (o.id, o.organization_id, o.provider, o.source, o.issuer, o.subject, o.acr, o.authenticated_at, o.issued_at,
    o.outcome, o.settled_at, o.member_id, o.explanation, o.received_at,
    o.personnummer_index, o.personnummer_index_previous, o.personnummer_sealed, o.personnummer_masked,
    o.given_name, o.family_name, o.birth_date, o.phone, o.phone_verified, o.email, o.email_verified,
    o.traceparent);
  insert into audit.events (event, source, actor, organization_id, message, member_id, observation_id, detail)
  values ('confirmed', o.source, private.actor(), o.organization_id,
    'confirmed, no change: ' || o.source || ' brought the recorded personnummer ' || o.personnummer_masked || '.', o.member_id, o.id,
    jsonb_build_object('match_rule', 'link', 'provider', o.provider, 'personnummer', o.personnummer_masked));
  return o.member_id;
exception
  when unique_violation then
    return null; -- a repeated call; the long way knows what the first one was answered
  when query_canceled or others then
    -- If the long way meets the same fault, it keeps the evidence with it; if not, the server's log tells of this one.
    raise warning 'A login took the long way: SQLSTATE % in private.confirm_known_login.', SQLSTATE;
    return null;
end
$$;
comment on function private.confirm_known_login is 'In: a login as login.record_observation begins it, organisation (slug) and provider. Out: the member, when the login is linked and the record has just the observed number; the observation is stored as confirmed, with its audit event. Otherwise null, and nothing is written.';
-- end db/functions/login/private.confirm_known_login.sql

-- begin db/functions/matching/private.match_result.sql
-- Puts a decision of the match rules into words and data: which match rule, what agreed, what disagreed. Stored with the link, the
-- observation and the audit event, so that anybody can see later why a login was taken for a member.
create or replace function private.match_result(
  p_match_rule text, p_candidate private.candidate, p_sane boolean, p_candidates private.candidate[]
)
returns private.match_result
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select
    case
      when p_match_rule is not null then case when p_sane then 'found' else 'name_mismatch' end
      else case when p_sane then 'unlinked' else 'ambiguous' end
    end::private.verdict,
    case when p_match_rule is not null and p_sane then p_candidate.member_id end,
    p_match_rule,
    case
      when p_match_rule is not null then array[p_candidate.member_id]
      else (select coalesce(array_agg(c.member_id order by c.member_id), '{}') from unnest(p_candidates) as c)
    end,
    jsonb_strip_nulls(jsonb_build_object(
      'match_rule', p_match_rule,
      'candidates', cardinality(p_candidates),
      'agreed', to_jsonb(e.agreed),
      'disagreed', to_jsonb(e.disagreed)
    )),
    null::boolean
  from private.explain_candidate(p_candidate) as e
$$;
comment on function private.match_result is 'In: match rule (null: none), its candidate, whether it passed the sanity check (or: whether nobody was pointed at), all candidates. Out: the match result.';
-- end db/functions/matching/private.match_result.sql

-- begin db/functions/matching/private.add_unverified.sql
-- A phone number or e-mail address that is not verified may be anybody's. Where nothing better found a member, a coordinator is asked about
-- those it points at; the app is told nothing of it.
create or replace function private.add_unverified(p_observation registry.observations, p_found private.match_result)
returns private.match_result
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_found private.match_result := p_found;
  v_phone constant text := case when not p_observation.phone_verified then p_observation.phone end;
  v_email constant text := case when not p_observation.email_verified then private.email_key(p_observation.email) end;
begin
  v_found.candidates := array(
    select m.id from registry.members as m
    where m.organization_id = p_observation.organization_id and (m.phone = v_phone or private.email_key(m.email) = v_email)
      and m.merged_into is null and m.erased_at is null and not private.is_excluded(p_observation, m.id)
    union select unnest(p_found.candidates)
    order by 1);
  if cardinality(v_found.candidates) > cardinality(p_found.candidates) then
    v_found.verdict := 'ambiguous';
    v_found.explanation := v_found.explanation
      || jsonb_build_object('candidates', cardinality(v_found.candidates), 'unverified', true);
  end if;
  return v_found;
end
$$;
comment on function private.add_unverified is 'In: an observation that found no member, the match result. Out: the same, with the members that an unverified phone or e-mail points at among the candidates.';
-- end db/functions/matching/private.add_unverified.sql

-- begin db/functions/matching/private.is_same_person.sql
-- The check of every match rule but the number's own: where something else points at a member, name and birth date must not say that it
-- is somebody else. What one side does not have says nothing.
create or replace function private.is_same_person(p_candidate private.candidate)
returns boolean
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (p_candidate.name is null or p_candidate.name = 'full') and p_candidate.birth_date_agrees is not false;
end
$$;
comment on function private.is_same_person is 'In: a candidate. Out: whether name and birth date agree, as far as both sides have them.';
-- end db/functions/matching/private.is_same_person.sql

-- begin db/functions/matching/private.choose_member.sql
-- The match rules, as a pure function: evidence in, decision out. Linking the wrong person is the worst thing
-- this system could do, so whatever is weaker than the rules below is a case for a person, never a guess.
create or replace function private.choose_member(p_candidates private.candidate[])
returns private.match_result
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_number private.candidate;  -- has the observed number; unique in the organisation
  v_contact private.candidate; -- the one that phone and e-mail point at
  v_contacts integer;
  v_match_rule text;
begin
  select c.* into v_number from unnest(p_candidates) as c where c.by_number;
  select count(*) into v_contacts from unnest(p_candidates) as c where c.by_phone or c.by_email;
  select c.* into v_contact from unnest(p_candidates) as c where c.by_phone or c.by_email;
  v_match_rule := case
    when v_contacts > 1 then null
    when v_contact.by_phone and v_contact.by_email then 'phone_and_email'
    when v_contact.by_phone and v_contact.by_email is null and v_contact.birth_date_agrees then 'phone_and_birth_date'
    when v_contact.by_email and v_contact.by_phone is null and v_contact.birth_date_agrees then 'email_and_birth_date'
  end;

  -- The number is unique, so it decides; a family's shared phone does not count against it. Only a record that phone, e-mail
  -- and name all agree on outweighs it: then the number stands on a second record of the same person, a duplicate.
  if v_number.member_id is not null
    and (v_match_rule = 'phone_and_email' and v_contact.name = 'full' and v_contact.birth_date_agrees is not false) is not true then
    -- People change their family name, so one shared word is enough here; none at all means a number on the wrong record. So does a birth
    -- date that is not the number's own, unless the whole name agrees: then one of the two was mistyped.
    return private.match_result('number', v_number,
      v_number.name is not distinct from 'full'
        or v_number.name is distinct from 'none' and v_number.born_as_number_says is not false, p_candidates);
  elsif v_match_rule is not null then
    return private.match_result(v_match_rule, v_contact, private.is_same_person(v_contact), p_candidates);
  end if;
  return private.match_result(null, null, v_contacts = 0, p_candidates);
end
$$;
comment on function private.choose_member is 'In: candidates with evidence. Out: the member, or why none can be named, and the explanation. Reads nothing.';
-- end db/functions/matching/private.choose_member.sql

-- begin db/functions/matching/private.find_asking_member.sql
-- A member who is logged in says that the login is theirs, and has redeemed its code. They may have talked somebody else into logging in,
-- so name and birth date are asked as by the other match rules; and where the whole name does not agree (ID-porten tells none), the birth
-- date in the number too, and the number must not be another member's.
create or replace function private.find_asking_member(p_member_id uuid, p_candidates private.candidate[])
returns private.match_result
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_candidate private.candidate;
  v_found private.match_result;
begin
  select c.* into v_candidate from unnest(p_candidates) as c where c.member_id = p_member_id;
  if not found then
    raise exception 'The record was merged into another meanwhile.' using errcode = 'serialization_failure';
  end if;
  v_found := private.match_result('explicit', v_candidate,
    private.is_same_person(v_candidate) and (v_candidate.name is not distinct from 'full' or v_candidate.born_as_number_says is not false
      and not exists (select from unnest(p_candidates) as c where c.by_number and c.member_id <> p_member_id)),
    array[v_candidate]);
  v_found.told := true;
  return v_found;
end
$$;
comment on function private.find_asking_member is 'In: the member who asked, the candidates with evidence. Out: that member, or name_mismatch. Raises serialization_failure when the record is gone.';
-- end db/functions/matching/private.find_asking_member.sql

-- begin db/functions/matching/private.is_plainly_theirs.sql
-- That somebody is a member says something about health. So the app hears of a member (account_ambiguous, account_mismatch) only where the
-- login proves to be by the person whom the record is about: their number, or a verified phone or e-mail together with the birth date
-- or the whole name. Whoever has a member's old phone number, or shares an e-mail address with one, hears what strangers hear.
create or replace function private.is_plainly_theirs(p_candidate private.candidate)
returns boolean
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_candidate.by_number or coalesce(p_candidate.by_phone or p_candidate.by_email, false)
    and coalesce(p_candidate.birth_date_agrees, p_candidate.name = 'full', false);
end
$$;
comment on function private.is_plainly_theirs is 'In: a candidate. Out: whether the person may be told that a record seems to be theirs.';
-- end db/functions/matching/private.is_plainly_theirs.sql

-- begin db/functions/matching/private.find_member.sql
-- Whose login is this? A member who is logged in and has redeemed a login for it to be linked gets it, unless it is linked to somebody
-- else, or name or birth date say that it is somebody else: that is a case, never a silent move. Known logins are looked up; the others
-- go through the match rules.
create or replace function private.find_member(p_observation registry.observations)
returns private.match_result
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_linked constant uuid := private.linked_member(p_observation);
  v_asked constant uuid := p_observation.requested_member_id;
  v_candidates private.candidate[];
  v_found private.match_result;
begin
  if v_linked <> v_asked then
    return row('subject_moved', null, null, array[v_asked, v_linked], '{}'::jsonb, true)::private.match_result;
  elsif v_linked is not null then
    return row('found', v_linked, 'link', array[v_linked], '{"match_rule": "link"}'::jsonb, null)::private.match_result;
  elsif private.is_excluded(p_observation, v_asked) then
    return row('ambiguous', null, null, array[v_asked], '{"excluded": true}'::jsonb, true)::private.match_result;
  end if;
  v_candidates := array(select c from private.find_candidates(p_observation) as c);
  if v_asked is not null then
    return private.find_asking_member(v_asked, v_candidates);
  end if;
  v_found := private.choose_member(v_candidates);
  if v_found.verdict in ('unlinked', 'ambiguous') then
    v_found := private.add_unverified(p_observation, v_found);
  end if;
  if v_found.verdict in ('ambiguous', 'name_mismatch') then
    v_found.told := exists (
      select from unnest(v_candidates) as c where c.member_id = any (v_found.candidates) and private.is_plainly_theirs(c));
  end if;
  return v_found;
end
$$;
comment on function private.find_member is 'In: an observation. Out: the member it belongs to, or why none can be named.';
-- end db/functions/matching/private.find_member.sql

-- begin db/functions/login/private.known_member.sql
-- While matching is out of order, a person whose login was linked before still gets in. What broke matching may break this
-- look-up too; then the login is told to come back later, and the fault is on the observation already.
create or replace function private.known_member(p_observation registry.observations)
returns uuid
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return private.linked_member(p_observation);
exception when others then
  return null;
end
$$;
comment on function private.known_member is 'In: a deferred observation. Out: the member its login is linked to; null when there is none, or when it cannot be looked up.';
-- end db/functions/login/private.known_member.sql

-- begin db/functions/login/private.evidence_suffices.sql
-- A source that was asked and did not answer could have named the member, or settled a doubt. What is there without it is enough only if
-- it finds the member, and holds something against the member's name or birth date; the number has a birth date in it. Anything else
-- is no evidence that somebody is not a member, and no reason for a case.
create or replace function private.evidence_suffices(p_observation registry.observations)
returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  f private.match_result;
begin
  f := private.find_member(p_observation); -- here, because the handler does not see what fails in a declaration
  return f.verdict = 'found' and (f.match_rule in ('link', 'number')
    or num_nonnulls(p_observation.given_name, p_observation.family_name, p_observation.birth_date) > 0);
exception when query_canceled or others then
  -- Matching is out of order: whoever is known already gets in (private.keep_observation defers the rest of it).
  return private.known_member(p_observation) is not null;
end
$$;
comment on function private.evidence_suffices is 'In: an observation begun, for which a source did not answer. Out: whether it can be decided all the same.';
-- end db/functions/login/private.evidence_suffices.sql

-- begin db/functions/login/private.outcome_sentence.sql
-- One sentence for the audit. The words 'confirmed, no change' are promised to auditors (docs/audit-explained.md).
create or replace function private.outcome_sentence(p_observation registry.observations)
returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format(
    case p_observation.outcome
      when 'filled' then 'The missing personnummer was filled with %2$s from %1$s.'
      when 'confirmed' then 'confirmed, no change: %1$s brought the recorded personnummer %2$s.'
      when 'conflict' then 'The record has another personnummer than %1$s brought (%2$s); the record was left as it is.'
      when 'duplicate' then 'Another member of the organisation has the personnummer that %1$s brought (%2$s); nothing was overwritten.'
      when 'absent' then 'Ordinary login by %1$s without a personnummer to store (%3$s).'
      when 'unlinked' then 'No member matches the login by %1$s.'
      when 'ambiguous' then 'The login by %1$s points at members without proving to be one of them; none was chosen.'
      when 'name_mismatch' then 'A member matches the login by %1$s, but name or birth date disagrees; they were not linked.'
      when 'proposed' then 'A login by %1$s was proposed to be linked; nothing was compared or written.'
      when 'deferred' then 'The login by %1$s could not be matched (SQLSTATE %4$s); it will be processed again.'
    end,
    p_observation.source, p_observation.personnummer_masked, replace(p_observation.absent_reason::text, '_', ' '),
    p_observation.deferred_sqlstate);
end
$$;
comment on function private.outcome_sentence is 'In: a decided observation. Out: one sentence for people, the number masked.';
-- end db/functions/login/private.outcome_sentence.sql

-- begin db/functions/login/private.keep_observation.sql
-- The evidence of a login is never lost because matching fails: the fault undoes what matching wrote, and the observation is
-- kept as deferred with the SQLSTATE, to be processed again by a job. query_canceled is
-- named because OTHERS leaves it out, and statement_timeout raises it.
--
-- Whatever broke matching may break the audit or the queue too. So each step stands alone, what failed is written on the row,
-- and a row without a job is found by worker.reconcile. Only the row itself must succeed; if the row is what PostgreSQL
-- refuses, the caller is told so without the values that PostgreSQL would show in DETAIL. The row names no member: its
-- foreign key would wait for whoever holds that record, and the lock may be what matching failed on.
create or replace function private.keep_observation(p_observation registry.observations)
returns registry.observations
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations := p_observation;
  v_faults jsonb;
begin
  insert into registry.observations values (o.*) returning * into o;
  return o;
exception when query_canceled or others then
  o := p_observation;
  o.outcome := 'deferred';
  o.deferred_sqlstate := SQLSTATE;
  v_faults := jsonb_build_object('matching', SQLSTATE);
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
comment on function private.keep_observation is 'In: a new observation. Out: the stored row: settled, or deferred if anything went wrong. Raises PN002 for a row that cannot be stored at all.';
-- end db/functions/login/private.keep_observation.sql

-- begin db/functions/consent/private.may_ask_consent.sql
-- Somebody who has refused, or withdrawn the consent themselves, is left in peace for the organisation's interval.
create or replace function private.may_ask_consent(p_observation registry.observations)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select private.needs_consent(p_observation) and not exists (
    select from registry.consents as c
    join registry.organizations as g on g.id = c.organization_id
    where c.organization_id = p_observation.organization_id and c.member_id = p_observation.member_id
      and c.provider = p_observation.provider and coalesce(c.withdrawn_at, c.answered_at) > now() - g.ask_again_after
      and (c.state = 'refused' or exists (
        select from registry.revocations as r
        where (r.organization_id, r.provider, r.received_at) = (c.organization_id, c.provider, c.withdrawn_at) and r.by_member)))
$$;
comment on function private.may_ask_consent is 'In: an observation with its member. Out: whether the member is to be asked for consent now.';
-- end db/functions/consent/private.may_ask_consent.sql

-- begin db/functions/number/private.without_number.sql
-- Drops a number before anything of it is stored.
create or replace function private.without_number(p_observation registry.observations, p_reason registry.absent_reason)
returns registry.observations
language plpgsql immutable
set search_path = pg_catalog, pg_temp
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
-- end db/functions/number/private.without_number.sql

-- begin db/functions/login/private.new_observation.sql
-- Begins a row: whose login it is, and whether a number may be kept at all. While an organisation has not recorded its legal
-- basis the number is dropped here, before anything is stored, and absent_reason becomes capture_off: only not_given makes the callback
-- ask for consent.
create or replace function private.new_observation(
  o registry.observations, p_organization text, p_provider text, p_absent_reason text, p_inconsistency text
)
returns registry.observations
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_absent_reason <> all (enum_range(null::registry.absent_reason)::text[])
    or p_inconsistency <> all (enum_range(null::registry.inconsistency)::text[]) then
    raise exception 'The reason is not one of those known.' using errcode = 'PN002';
  end if;
  select g.id, p.provider, (p.provider || '-login')::registry.source, p_inconsistency::registry.inconsistency,
    case
      when not g.capture and p_absent_reason is distinct from 'inconsistent' then 'capture_off'
      when p_absent_reason is not null then p_absent_reason
      when o.personnummer_index is null then 'not_given'
    end::registry.absent_reason
  into o.organization_id, o.provider, o.source, o.inconsistency, o.absent_reason
  from registry.organizations as g
  join registry.identity_providers as p on p.organization_id = g.id
  where g.slug = p_organization and p.provider::text = p_provider;
  if not found then
    raise exception 'The organisation has no such provider.' using errcode = 'PN001',
      hint = 'Providers are rows in registry.identity_providers.';
  end if;
  return case when o.absent_reason is null then o else private.without_number(o, o.absent_reason) end;
end
$$;
comment on function private.new_observation is 'In: a login as login.record_observation begins it, organisation (slug) and provider, why it has no number, how it contradicts itself. Out: the row begun, with absent_reason set and without the number when no number may be kept. Raises PN001, PN002.';
-- end db/functions/login/private.new_observation.sql

-- begin db/functions/login/private.propose_link.sql
-- A login that a member asks to have linked is only kept: whoever holds the address may have been talked into it. Nothing is looked up,
-- so nothing of it can be seen, whoever logs in; and nobody's record, link, case or push follows. Everything else comes when the session
-- that asked redeems the code (private.redeem_link).
create or replace function private.propose_link(p_observation registry.observations, p_session_id uuid)
returns registry.observations
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations := p_observation;
begin
  o.outcome := 'proposed';
  insert into registry.observations values (o.*) returning * into o;
  insert into registry.link_proposals (observation_id, organization_id, session_id) values (o.id, o.organization_id, p_session_id);
  perform private.record_event('proposed', o.source::text, o.organization_id, private.outcome_sentence(o),
    p_observation_id => o.id, p_detail => jsonb_build_object('provider', o.provider));
  return o;
exception when integrity_constraint_violation or data_exception then
  raise exception 'The observation is not acceptable: SQLSTATE %.', SQLSTATE using errcode = 'PN002';
end
$$;
comment on function private.propose_link is 'In: a new observation, the session that asks for it to be linked. Out: the stored row, proposed. Raises PN002 for a row that cannot be stored.';
-- end db/functions/login/private.propose_link.sql

-- begin db/functions/login/login.record_observation.sql
-- The interface function for a login: one call, one row, one round trip. A repeated call with the same id changes nothing and answers the
-- same, so the callback may repeat it when a connection breaks and it cannot know whether the first one arrived.
create or replace function login.record_observation(
  inout observation_id uuid, organization text, provider text, issuer text, subject text, authenticated_at timestamptz,
  personnummer_index text default null, personnummer_sealed text default null, personnummer_masked text default null,
  given_name text default null, family_name text default null, birth_date date default null,
  phone text default null, phone_verified boolean default false, email text default null, email_verified boolean default false,
  absent_reason text default null, inconsistency text default null, acr text default null,
  personnummer_index_previous text[] default null, link_session_id uuid default null, evidence_missing boolean default false,
  issued_at timestamptz default null, traceparent text default null,
  out outcome text, out member_id uuid, out ask_consent boolean, out told boolean
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  o registry.observations; -- the login as one row; its arguments are named one by one here and nowhere else
  v_stored registry.observations;
begin
  o.id := record_observation.observation_id;
  o.issuer := record_observation.issuer;
  o.subject := record_observation.subject;
  o.acr := record_observation.acr;
  o.authenticated_at := record_observation.authenticated_at;
  o.issued_at := record_observation.issued_at;
  o.received_at := clock_timestamp();
  -- A login does not fail because of what is only there to be traced.
  o.traceparent := substring(record_observation.traceparent from '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$');
  o.explanation := '{}'::jsonb;
  o.personnummer_index := record_observation.personnummer_index;
  o.personnummer_index_previous := coalesce(record_observation.personnummer_index_previous, '{}');
  o.personnummer_sealed := record_observation.personnummer_sealed;
  o.personnummer_masked := record_observation.personnummer_masked;
  o.given_name := record_observation.given_name;
  o.family_name := record_observation.family_name;
  o.birth_date := record_observation.birth_date;
  o.phone := record_observation.phone;
  o.phone_verified := coalesce(record_observation.phone_verified, false);
  o.email := record_observation.email;
  o.email_verified := coalesce(record_observation.email_verified, false);
  if num_nonnulls(record_observation.absent_reason, record_observation.inconsistency, record_observation.link_session_id) = 0 then
    member_id := private.confirm_known_login(o, record_observation.organization, record_observation.provider);
    if member_id is not null then
      outcome := 'confirmed';
      ask_consent := false;
      return;
    end if;
  end if;
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('observation ' || record_observation.observation_id, 0));
  select known.* into v_stored from registry.observations as known where known.id = record_observation.observation_id;
  if not found then
    o := private.new_observation(o, record_observation.organization, record_observation.provider,
      record_observation.absent_reason, record_observation.inconsistency);
    -- A login that is to be linked is not looked up, not even for this.
    if record_observation.evidence_missing and (record_observation.link_session_id is not null or not private.evidence_suffices(o)) then
      ask_consent := false;
      return;
    end if;
    o := case when record_observation.link_session_id is null then private.keep_observation(o)
      else private.propose_link(o, record_observation.link_session_id) end;
  elsif (v_stored.issuer, v_stored.subject) is distinct from (o.issuer, o.subject) then
    raise exception 'The observation id belongs to another login.' using errcode = 'PN003';
  else
    o := v_stored;
  end if;
  observation_id := o.id;
  outcome := o.outcome;
  member_id := case o.outcome when 'deferred' then private.known_member(o) else o.member_id end;
  told := o.told;
  ask_consent := o.absent_reason is not distinct from 'not_consented' and private.may_ask_consent(o);
end
$$;
comment on function login.record_observation is 'In: one verified login; phone in E.164 form; no number in clear; link_session_id: the session of a member who asks for this login to be linked: it is only proposed; evidence_missing: a source that was asked did not answer; issued_at: of its ID token; traceparent: the step of a trace that hands it over, null: not traced. Out: observation id, outcome (null: nothing was decided or kept, because what is missing could have named the member), member (null when none), whether the member is to be asked for consent, and, of a refused login, whether the app may be told that a member is concerned. Errors PN001 to PN003.';
grant execute on function login.record_observation to auth_callback;
-- end db/functions/login/login.record_observation.sql

-- begin db/functions/sessions/login.admit.sql
-- Opens the session in the same statement that records the login: one call and one commit where there were two. Nothing that
-- goes wrong here may take the observation with it, nor wait for long: the fault is undone and told, and the callback then
-- opens the session by itself. query_canceled is named because OTHERS leaves it out, and statement_timeout raises it.
create or replace function login.admit(
  observation_id uuid, member_id uuid, ask_consent boolean, code_hash bytea, code_challenge text, return_to text,
  client_id text default null, scope text[] default '{}', nonce text default null
)
returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
begin
  if admit.member_id is null or admit.ask_consent then
    return 'not_now';
  elsif login.open_session(admit.observation_id, admit.code_hash, admit.code_challenge, admit.return_to, admit.client_id, admit.scope,
      admit.nonce) then
    return 'opened';
  end if;
  return 'refused';
exception when query_canceled or others then
  return SQLSTATE;
end
$$;
comment on function login.admit is 'In: what login.record_observation answered, then as login.open_session. Out: opened, refused, not_now (nobody is let in yet), or the SQLSTATE of a fault.';
grant execute on function login.admit to auth_callback;
-- end db/functions/sessions/login.admit.sql

-- begin db/functions/sealing/login.audit_checkpoint.sql
-- The newest checkpoint is public: it holds a number of events, a hash and signatures.
create or replace function login.audit_checkpoint()
returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select c.signed_note from audit.checkpoints as c order by c.tree_size desc limit 1
$$;
comment on function login.audit_checkpoint is 'Out: the newest signed checkpoint; null where there is none yet.';
grant execute on function login.audit_checkpoint to auth_callback;
-- end db/functions/sealing/login.audit_checkpoint.sql

-- begin db/functions/sealing/private.subtree_hash.sql
-- Roots and proofs are put together from complete subtrees. Large ones are kept (audit.nodes); small ones are hashed again, at most 255 nodes.
create or replace function private.subtree_hash(p_level integer, p_index bigint)
returns bytea
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_level >= 8 then
    return (select n.node_hash from audit.nodes as n where n.level = p_level and n.node_index = p_index);
  elsif p_level = 0 then
    return (select l.leaf_hash from audit.leaves as l where l.leaf_index = p_index);
  end if;
  return sha256('\x01'::bytea || private.subtree_hash(p_level - 1, 2 * p_index) || private.subtree_hash(p_level - 1, 2 * p_index + 1));
end
$$;
comment on function private.subtree_hash is 'In: a complete subtree of the sealed audit, 2 to the power of level leaves, the index-th of its level. Out: its hash (RFC 6962); null where the tree does not have it.';
-- end db/functions/sealing/private.subtree_hash.sql

-- begin db/functions/sealing/private.subtree_hashes.sql
-- A proof needs some forty subtrees: one call for all of them.
create or replace function private.subtree_hashes(p_levels integer[], p_indexes bigint[])
returns bytea[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(private.subtree_hash(s.level, s.index) order by s.place), '{}')
  from unnest(p_levels, p_indexes) with ordinality as s(level, index, place)
$$;
comment on function private.subtree_hashes is 'In: subtrees, level beside index. Out: their hashes in that order; null for each that the tree does not have.';
-- end db/functions/sealing/private.subtree_hashes.sql

-- begin db/functions/sealing/login.audit_subtrees.sql
-- Whoever keeps witness asks the callback for a proof that the newest checkpoint goes on from theirs. Hashes only, at most a proof's worth.
create or replace function login.audit_subtrees(levels integer[], indexes bigint[])
returns bytea[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.subtree_hashes(audit_subtrees.levels[1:2000], audit_subtrees.indexes[1:2000])
$$;
comment on function login.audit_subtrees is 'In and out: as private.subtree_hashes, for the first 2000.';
grant execute on function login.audit_subtrees to auth_callback;
-- end db/functions/sealing/login.audit_subtrees.sql

-- begin db/functions/sessions/login.consume_transaction.sql
-- A login transaction is single use, also when the same callback arrives a hundred times at once and at several processes.
-- One statement decides, before any token request.
create or replace function login.consume_transaction(transaction_id uuid, expires_at timestamptz)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
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
-- end db/functions/sessions/login.consume_transaction.sql

-- begin db/functions/sessions/login.end_session.sql
-- Signing out (RFC 7009): with the refresh token, whichever of its family, or by the session of an access token. Whether there was
-- anything to end is nobody's business.
create or replace function login.end_session(refresh_token_hash bytea, session_id uuid, client_id text)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s registry.sessions;
begin
  select known.* into s from registry.sessions as known
  where known.client_id is not distinct from end_session.client_id and known.id = coalesce(end_session.session_id,
    (select t.session_id from registry.refresh_tokens as t where t.token_hash = end_session.refresh_token_hash))
  for update;
  if found then
    perform private.end_session(s, 'signed_out');
  end if;
end
$$;
comment on function login.end_session is 'In: SHA-256 of a refresh token, or a session; the app, if it came by /authorize. Ends the session and its token family.';
grant execute on function login.end_session to auth_callback;
-- end db/functions/sessions/login.end_session.sql

-- begin db/functions/erasure/login.missing_erasures.sql
-- Asked at every start of a program (private.missing_erasures).
create or replace function login.missing_erasures(erasure_ids uuid[], organizations text[])
returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.missing_erasures(missing_erasures.erasure_ids, missing_erasures.organizations)
$$;
comment on function login.missing_erasures is 'In: erasures of the ledger outside the database, and beside each its organisation (slug). Out: those that the database does not know: it is an older backup, and must not be used.';
grant execute on function login.missing_erasures to auth_callback;
-- end db/functions/erasure/login.missing_erasures.sql

-- begin db/functions/login/login.providers.sql
-- What the callback needs to know of the organisations. Rows name the environment variable of a secret, never the secret.
create or replace function login.providers()
returns table (
  organization_id uuid, organization text, organization_name text, provider text, issuer text, client_id text,
  client_secret_env text, token_endpoint_auth_method text, scopes text[], authorization_params jsonb,
  id_token_signed_response_alg text, personnummer_from text, personnummer_claim text, consent_mode text, consent_scope text,
  minimum_acr text, capture boolean, return_to text[], personnummer_scope text, ask_number_when_missing boolean,
  lookup_client_id text, lookup_client_secret_env text, lookup_auth_method text, tokeninfo_endpoint text,
  capture_basis text, retention text, required_amr text[], clients jsonb
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.id, g.slug, g.name, p.provider::text, p.issuer, p.client_id, p.client_secret_env, p.token_endpoint_auth_method::text,
    p.scopes, p.authorization_params, p.id_token_signed_response_alg, p.personnummer_from::text, p.personnummer_claim,
    p.consent_mode::text, p.consent_scope, p.minimum_acr, g.capture, g.return_to,
    p.personnummer_scope, p.ask_number_when_missing, p.lookup_client_id, p.lookup_client_secret_env, p.lookup_auth_method::text,
    p.tokeninfo_endpoint, g.capture_basis, g.retention::text, p.required_amr,
    coalesce((select jsonb_agg(jsonb_build_object('client_id', c.client_id, 'redirect_uris', c.redirect_uris, 'name', c.name)
      order by c.client_id)
      from registry.oauth_clients as c
      where c.organization_id = g.id and c.audience = case p.provider when 'staff' then 'coordinators'::registry.audience else 'members' end), '[]')
  from registry.identity_providers as p
  join registry.organizations as g on g.id = p.organization_id
  where p.enabled
$$;
comment on function login.providers is 'Out: every enabled provider of every organisation, with where its logins may return to, for which apps, and whether numbers are captured.';
grant execute on function login.providers to auth_callback;
-- end db/functions/login/login.providers.sql

-- begin db/functions/number/private.fill_member.sql
-- The member record gets its missing number. The caller holds the locks; the condition is there all the same, so that
-- nothing is ever overwritten. A coordinator may have excluded the login from the member while it waited for the record: processed
-- again, its member is looked for again.
create or replace function private.fill_member(o registry.observations)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
    select from registry.members as m
    join registry.identity_links as l on l.organization_id = m.organization_id and l.member_id = m.id
    where m.id = o.member_id and m.personnummer_index is null
      and l.organization_id = o.organization_id and l.issuer = o.issuer and l.subject = o.subject)
  then
    raise exception 'The record got a number meanwhile, or the login was excluded from it.' using errcode = 'serialization_failure';
  end if;
  perform private.write_numbers(array[o.member_id], array[
    row(o.personnummer_index, o.personnummer_index_previous, o.personnummer_sealed, o.personnummer_masked, o.source, clock_timestamp())
      ::registry.number]);
end
$$;
comment on function private.fill_member is 'In: an observation whose member has no number. Writes it, with source and time.';
-- end db/functions/number/private.fill_member.sql

-- begin db/functions/number/private.renew_index.sql
-- While the index key is rotated, records carry the old key's index until their member logs in. The number is the same, so
-- the record takes the new index (and the newly sealed form) without any of it counting as a change of the number. So do its pushes:
-- those that can still run would be taken for obsolete with the old index, and of the others it is known what was sent.
create or replace function private.renew_index(o registry.observations)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_number registry.number := private.recorded_number(o.member_id);
begin
  if v_number.index = any (o.personnummer_index_previous) is not true then
    return;
  end if;
  v_number.index := o.personnummer_index;
  v_number.sealed := o.personnummer_sealed;
  perform private.write_numbers(array[o.member_id], array[v_number]);
  update sync.pushes set personnummer_index = o.personnummer_index
  where organization_id = o.organization_id and member_id = o.member_id and personnummer_index = any (o.personnummer_index_previous);
  perform private.record_event('index_renewed', o.source::text, o.organization_id,
    'The index of the recorded number was renewed under the current key.',
    p_member_id => o.member_id, p_observation_id => o.id);
end
$$;
comment on function private.renew_index is 'In: a confirmed observation. Gives the record the index of the current key version, if it has an older one.';
-- end db/functions/number/private.renew_index.sql

-- begin db/functions/login/private.act_on_outcome.sql
-- What follows from an outcome: the record, the case, the push, and always exactly one audit event named like the outcome.
create or replace function private.act_on_outcome(
  p_observation registry.observations, p_other_member_id uuid, p_match private.match_result
)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o constant registry.observations := p_observation;
  c registry.conflicts;
  v_push_id uuid;
begin
  case
    when o.outcome = 'filled' then
      perform private.fill_member(o);
      if exists (
        select from registry.conflicts as known
        where known.organization_id = o.organization_id and known.member_id = o.member_id and known.closed_at is null)
      then
        perform private.close_obsolete_cases(o.organization_id, array[o.member_id], o.source::text);
      end if;
      v_push_id := private.queue_push(o.member_id, o.id);
    when o.outcome = 'confirmed' and o.personnummer_index_previous <> '{}' then
      perform private.renew_index(o);
    when o.outcome = 'conflict' then
      c := private.open_case_of_login('mismatch', o, o.member_id, p_other_member_id);
    when o.outcome = 'duplicate' then
      c := private.open_case_of_login('duplicate', o, o.member_id, p_other_member_id);
    when p_match.verdict = 'subject_moved' then
      c := private.open_case_of_login('subject_moved', o, p_match.candidates[1], p_match.candidates[2]);
    when o.outcome in ('ambiguous', 'name_mismatch') then
      c := private.open_case_of_login(o.outcome::text::registry.conflict_kind, o, p_candidates => p_match.candidates);
    else
      null; -- absent and unlinked change nothing, nor does a number that is recorded already
  end case;
  if o.inconsistency = 'numbers_differ' then
    c := private.open_case_of_login('inconsistent', o, o.member_id);
  end if;
  if c.id is not null then -- the event names the push that began to wait for the case (private.tg_pushes__wait)
    select p.id into v_push_id from sync.pushes as p where p.waits_for_conflict_id = c.id limit 1;
  end if;
  perform private.record_event(o.outcome::text, o.source::text, o.organization_id, private.outcome_sentence(o),
    o.member_id, o.id, c.id, v_push_id,
    jsonb_strip_nulls(o.explanation || jsonb_build_object(
      'provider', o.provider,
      'absent_reason', o.absent_reason,
      'inconsistency', o.inconsistency,
      'personnummer', o.personnummer_masked,
      'case', c.kind,
      'other_member_id', c.other_member_id,
      'candidate_ids', nullif(to_jsonb(c.candidates), '[]'),
      -- A coordinator has settled just this disagreement before, so no case was opened.
      'known', case when c.state = 'resolved' then true end)));
end
$$;
comment on function private.act_on_outcome is 'In: a decided observation, the other member who has the number, the match result. Writes record, case, push and audit event.';
-- end db/functions/login/private.act_on_outcome.sql

-- begin db/functions/number/private.judge_number.sql
-- What does the observed number mean for this member's record? Read without a lock first: a login that only confirms, the
-- daily case, waits for nobody. Otherwise the number and then the record are locked, and the record is read again, because
-- two logins may both have seen it empty.
create or replace function private.judge_number(p_observation registry.observations)
returns private.judgement
language plpgsql volatile
set search_path = pg_catalog, pg_temp
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
    where m.id = p_observation.member_id and m.merged_into is null and m.erased_at is null for no key update;
    if not found then
      raise exception 'The record was merged into another, or the person erased, meanwhile.' using errcode = 'serialization_failure';
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
-- end db/functions/number/private.judge_number.sql

-- begin db/functions/consent/private.store_consent.sql
-- One answer per login; a consent is given once.
create or replace function private.store_consent(p_observation registry.observations, p_given boolean, p_evidence jsonb)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_evidence is null or jsonb_typeof(p_evidence) <> 'object' or private.holds_number(p_evidence::text) then
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
-- end db/functions/consent/private.store_consent.sql

-- begin db/functions/login/private.store_decision.sql
-- Writes the outcome of an observation that was stored before it could be decided.
create or replace function private.store_decision(o registry.observations)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  update registry.observations as u
  set outcome = o.outcome, member_id = o.member_id, requested_member_id = o.requested_member_id, told = o.told,
      explanation = o.explanation, settled_at = o.settled_at,
      absent_reason = o.absent_reason, personnummer_index = o.personnummer_index, personnummer_sealed = o.personnummer_sealed,
      personnummer_masked = o.personnummer_masked, personnummer_index_previous = o.personnummer_index_previous
  where u.id = o.id
$$;
comment on function private.store_decision is 'In: a decided observation. Updates its row.';
-- end db/functions/login/private.store_decision.sql

-- begin db/functions/consent/login.record_consent.sql
-- The member has answered. The consent, or its refusal, is stored while the login is still the member's; with a consent comes the
-- number, and the observation that waited for it is decided: one login stays one observation. Where capturing was switched off
-- meanwhile the answer is kept, which the member gave in good faith, and the number is not. What the answer may touch is locked in the
-- common order: number, member; an observation's row after its member, because a merge moves observations while it holds their members.
create or replace function login.record_consent(
  inout observation_id uuid, given boolean, evidence jsonb,
  personnummer_index text default null, personnummer_sealed text default null, personnummer_masked text default null,
  personnummer_index_previous text[] default null,
  out outcome text, out member_id uuid
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $$
declare
  o registry.observations;
  v_stored boolean;
  v_judged private.judgement;
begin
  select known.* into o from registry.observations as known where known.id = record_consent.observation_id;
  if not found then
    raise exception 'There is no such observation.' using errcode = 'PN004';
  end if;
  perform private.lock_number(o.organization_id, record_consent.personnummer_masked) where record_consent.personnummer_masked is not null;
  perform from registry.members as m where m.id = o.member_id for no key update;
  -- Once more: meanwhile the login may have been excluded from the member, or the answer stored.
  select known.* into o from registry.observations as known where known.id = record_consent.observation_id for update;
  if o.absent_reason = 'not_consented' and private.linked_member(o) is not distinct from o.member_id and private.needs_consent(o) then
    v_stored := private.store_consent(o, coalesce(record_consent.given, false), record_consent.evidence);
  end if;
  if v_stored and record_consent.given and record_consent.personnummer_index is not null
    and (select g.capture from registry.organizations as g where g.id = o.organization_id) then
    o.absent_reason := null;
    o.personnummer_index := record_consent.personnummer_index;
    o.personnummer_index_previous := coalesce(record_consent.personnummer_index_previous, '{}');
    o.personnummer_sealed := record_consent.personnummer_sealed;
    o.personnummer_masked := record_consent.personnummer_masked;
    v_judged := private.judge_number(o);
    o.outcome := v_judged.outcome;
    o.settled_at := clock_timestamp();
    perform private.act_on_outcome(o, v_judged.other_member_id, null);
    perform private.store_decision(o);
  end if;
  observation_id := o.id;
  outcome := o.outcome;
  member_id := o.member_id;
end
$$;
comment on function login.record_consent is 'In: an observation that waits for consent, the answer, the evidence (who asked, in which words; never a number), and the number if it was given. Out: like login.record_observation. A second answer changes nothing, nor does one for a login that is not the member''s any more.';
grant execute on function login.record_consent to auth_callback;
-- end db/functions/consent/login.record_consent.sql

-- begin db/functions/consent/login.record_revocation.sql
-- A provider says that somebody withdrew consent. The message is unsigned, so it is a hint: it stops what was to be sent and
-- tells the coordinator, and never deletes anything or locks anybody out. Known and unknown subjects are answered alike.
create or replace function login.record_revocation(
  organization text, provider text, subject text, event text, issued_at timestamptz, late boolean
)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_organization_id uuid;
  v_provider registry.provider;
  v_times integer;
  r registry.revocations;
  v_issuer text; -- a subject means something at its issuer only; and with it the link is found by its key
begin
  select p.organization_id, p.provider, p.issuer into v_organization_id, v_provider, v_issuer
  from registry.identity_providers as p join registry.organizations as g on g.id = p.organization_id
  where g.slug = record_revocation.organization and p.provider::text = record_revocation.provider;
  if v_organization_id is null then
    raise exception 'The organisation has no such provider.' using errcode = 'PN001';
  end if;
  if record_revocation.event !~ '^[A-Za-z_]{1,60}$' then
    raise exception 'The event has no name of an event.' using errcode = 'PN002';
  end if;
  if exists (
    select from registry.revocations as known
    where (known.organization_id, known.provider, known.subject, known.event, known.issued_at)
      = (v_organization_id, v_provider, record_revocation.subject, record_revocation.event, record_revocation.issued_at)) then
    return;
  end if;
  -- Whoever has the address may send any number of them: those about subjects that nobody has heard of count together. A login without
  -- a link may be linked later, and must not be filled then.
  v_times := private.record_repeatable(concat_ws(' ', v_organization_id, v_provider, coalesce(
      (select l.id from registry.identity_links as l
      where l.organization_id = v_organization_id and l.issuer = v_issuer and l.subject = record_revocation.subject),
      (select o.id from registry.observations as o
      where o.organization_id = v_organization_id and o.issuer = v_issuer and o.subject = record_revocation.subject and o.member_id is null
      order by o.id limit 1))),
    'revocation_received', v_provider || '-login', v_organization_id,
    format('An unverified message said that consent was withdrawn%s.', case when record_revocation.late then ', late' else '' end),
    p_detail => jsonb_build_object('verified', false, 'late', record_revocation.late, 'event', record_revocation.event));
  r := row(v_organization_id, v_provider, record_revocation.subject, record_revocation.event, record_revocation.issued_at,
    clock_timestamp(), record_revocation.late, false)::registry.revocations;
  if v_times <= 1000 then
    insert into registry.revocations values (r.*) on conflict do nothing;
  end if;
  if record_revocation.event = 'CONSENT_REVOKED' and not record_revocation.late then
    perform private.revoke_login(l.id, r)
    from registry.identity_links as l
    where l.organization_id = v_organization_id and l.issuer = v_issuer and l.subject = record_revocation.subject
      and l.provider = v_provider;
  end if;
end
$$;
comment on function login.record_revocation is 'In: organisation (slug), provider, subject, event, when it was issued, whether it came late. Stores it once, and a thousand in an hour at most; CONSENT_REVOKED takes effect unless late.';
grant execute on function login.record_revocation to auth_callback;
-- end db/functions/consent/login.record_revocation.sql

-- begin db/functions/sessions/private.code_is_for.sql
-- A code is good for the app that it was given to, and for whoever began that login (RFC 6749, section 4.1.3; RFC 7636).
create or replace function private.code_is_for(p_given registry.code_request, p_presented registry.code_request)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    p_given.code_challenge = p_presented.code_challenge and p_given.client_id is not distinct from p_presented.client_id
    and (p_given.client_id is null or p_given.return_to = p_presented.return_to), false)
$$;
comment on function private.code_is_for is 'In: what the code was given for, what it is presented with (return_to: the redirect_uri of the token request, which only apps that came by /authorize send). Out: whether they agree.';
-- end db/functions/sessions/private.code_is_for.sql

-- begin db/functions/sessions/private.describe_session.sql
-- What the tokens of a session say.
create or replace function private.describe_session(p_session_id uuid)
returns table (
  session_id uuid, user_id uuid, member_id uuid, organization_id uuid, organization text, audience text, scope text[], nonce text
)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select s.id, coalesce(m.user_id, s.coordinator_id), m.id, g.id, g.slug, s.audience::text, s.scope, s.nonce
  from registry.sessions as s
  join registry.organizations as g on g.id = s.organization_id
  left join registry.members as m on m.id = s.member_id
  where s.id = p_session_id
$$;
comment on function private.describe_session is 'In: a session. Out: its user, who is a member or a coordinator, its organisation, and what its app asked for.';
-- end db/functions/sessions/private.describe_session.sql

-- begin db/functions/sessions/private.erase_proposed.sql
-- Nobody redeemed the code of a login that was to be linked: what it brought is erased. That somebody logged in stays.
create or replace function private.erase_proposed(p_observation registry.observations)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update registry.observations as o
  set given_name = null, family_name = null, birth_date = null, phone = null, email = null, traceparent = null,
      contact_erased_at = clock_timestamp(),
      number_erased_at = case when o.personnummer_index is not null then clock_timestamp() end,
      personnummer_index = null, personnummer_index_previous = '{}', personnummer_sealed = null, personnummer_masked = null
  where o.id = p_observation.id;
  perform private.record_event('proposal_expired', p_observation.source::text, p_observation.organization_id,
    'The login that was to be linked was not redeemed; what it brought was erased.', p_observation_id => p_observation.id);
end
$$;
comment on function private.erase_proposed is 'In: a proposed observation, locked, whose code is gone. Erases name, contact data and number.';
-- end db/functions/sessions/private.erase_proposed.sql

-- begin db/functions/sessions/private.open_linked_session.sql
-- A login that was linked just now logs its member in, as it will from now on.
create or replace function private.open_linked_session(
  p_observation registry.observations, p_proposal registry.link_proposals, p_refresh_token_hash bytea
)
returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_session_id uuid;
begin
  insert into registry.sessions (organization_id, member_id, observation_id, return_to, client_id, scope, nonce, code_hash,
    code_challenge, code_expires_at, code_used_at, expires_at)
  values (p_observation.organization_id, p_observation.member_id, p_observation.id, p_proposal.return_to, p_proposal.client_id,
    p_proposal.scope, p_proposal.nonce, p_proposal.code_hash, p_proposal.code_challenge, p_proposal.code_expires_at, now(),
    now() + private.session_lifetime('members'))
  returning id into v_session_id;
  insert into registry.refresh_tokens (token_hash, session_id) values (p_refresh_token_hash, v_session_id);
  perform private.record_event('session_opened', 'app', p_observation.organization_id, 'The member was logged in by a login linked just now.',
    p_member_id => p_observation.member_id, p_observation_id => p_observation.id,
    p_detail => jsonb_build_object('session_id', v_session_id));
  return v_session_id;
end
$$;
comment on function private.open_linked_session is 'In: a decided observation with its member, its proposal, SHA-256 of the first refresh token. Out: the new session.';
-- end db/functions/sessions/private.open_linked_session.sql

-- begin db/functions/erasure/private.hold_member.sql
-- Whoever writes a row about a member, and has not locked the record, meets somebody who erases the person here: one of them waits. The lock is
-- the one that a foreign key takes, so nobody else waits for it.
create or replace function private.hold_member(p_member_id uuid)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from registry.members as m where m.id = p_member_id and m.erased_at is null for key share;
  return found;
end
$$;
comment on function private.hold_member is 'In: a member. Out: whether the record is still there; then the person is not erased until the transaction ends.';
-- end db/functions/erasure/private.hold_member.sql

-- begin db/functions/matching/private.link_identity.sql
-- Remembers which member a login belongs to, with the reason. A coordinator may be merging the record at this moment: its links have
-- moved then, and a new one would stay behind on a record that nobody finds again; or be deciding that the login is not this member. So
-- both lock the record first.
create or replace function private.link_identity(p_observation registry.observations, p_match private.match_result)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from registry.members as m where m.id = p_observation.member_id and m.merged_into is null and m.erased_at is null for no key update;
  if not found then
    raise exception 'The record was merged into another, or the person erased, meanwhile.' using errcode = 'serialization_failure';
  elsif private.is_excluded(p_observation, p_observation.member_id) then
    raise exception 'The login was found not to be the member''s meanwhile.' using errcode = 'serialization_failure';
  end if;
  insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule, explanation)
  values (p_observation.organization_id, p_observation.issuer, p_observation.subject, p_observation.member_id,
          p_observation.provider, p_match.match_rule, p_match.explanation)
  on conflict (organization_id, issuer, subject) do nothing;
  if found then
    perform private.record_event('linked', p_observation.source::text, p_observation.organization_id,
      format('The login was linked to the member, found by %s.', replace(p_match.match_rule, '_', ' ')),
      p_member_id => p_observation.member_id, p_observation_id => p_observation.id, p_detail => p_match.explanation);
  elsif private.linked_member(p_observation) is distinct from p_observation.member_id then
    -- The same person's other login came to another member a moment ago. Processed again, this one follows that link.
    raise exception 'The login was linked to another member meanwhile.' using errcode = 'serialization_failure';
  end if;
end
$$;
comment on function private.link_identity is 'In: an observation with its member, and the match result. Links issuer and subject to the member, once.';
-- end db/functions/matching/private.link_identity.sql

-- begin db/functions/consent/private.renew_consent.sql
-- A login after the message that consent was withdrawn is a new consent at the provider. What was cancelled by the message goes
-- out after all, and what is being sent at this moment is tried again if it fails. The member is locked first, as by everybody who queues
-- a push: two at once would meet in a duplicate key.
create or replace function private.renew_consent(p_observation registry.observations)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last sync.pushes;
  v_push_id uuid;
begin
  if not exists (
    select from registry.identity_links as l
    where (l.organization_id, l.issuer, l.subject) = (p_observation.organization_id, p_observation.issuer, p_observation.subject)
      and l.revoked_at is not null)
  then
    return;
  end if;
  perform from registry.members as m where m.id = p_observation.member_id for no key update;
  if private.is_withdrawn(p_observation) then
    return;
  end if;
  update registry.identity_links as l set revoked_at = null
  where (l.organization_id, l.issuer, l.subject) = (p_observation.organization_id, p_observation.issuer, p_observation.subject)
    and l.revoked_at is not null;
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
-- end db/functions/consent/private.renew_consent.sql

-- begin db/functions/consent/private.withhold_without_consent.sql
-- Where the member must be asked first, a number may find the member but is not stored before the answer.
-- A login that brought none is the same: it is with the consent that the number comes. Nor is one stored after consent was withdrawn.
create or replace function private.withhold_without_consent(p_observation registry.observations)
returns registry.observations
language plpgsql stable
set search_path = pg_catalog, pg_temp
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
-- end db/functions/consent/private.withhold_without_consent.sql

-- begin db/functions/login/private.settle_observation.sql
-- The decision, from the first question to the last row. Everything it writes is in the transaction of the login's one call.
create or replace function private.settle_observation(p_observation registry.observations)
returns registry.observations
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations := p_observation;
  v_found private.match_result;
  v_judged private.judgement;
begin
  v_found := private.find_member(o);
  o.member_id := v_found.member_id;
  o.explanation := v_found.explanation;
  o.settled_at := clock_timestamp();
  o.told := case when v_found.verdict <> 'found' then v_found.told end;
  if v_found.verdict = 'found' then
    v_judged := private.judge_number(o);
    if not private.hold_member(o.member_id) then
      raise exception 'The person was erased meanwhile.' using errcode = 'serialization_failure';
    end if;
    if v_judged.outcome not in ('confirmed', 'conflict') then -- the record has no number yet
      o := private.withhold_without_consent(o);
    end if;
    o.outcome := case when o.absent_reason is null then v_judged.outcome else 'absent' end;
    if v_found.match_rule <> 'link' then
      perform private.link_identity(o, v_found);
    end if;
  else
    o.outcome := case v_found.verdict when 'subject_moved' then 'ambiguous' else v_found.verdict::text end::registry.outcome;
  end if;
  perform private.act_on_outcome(o, v_judged.other_member_id, v_found);
  if v_found.match_rule = 'link' then
    perform private.renew_consent(o);
  end if;
  return o;
end
$$;
comment on function private.settle_observation is 'In: an observation. Out: the same with outcome, member and explanation, after everything that follows from it was written.';
-- end db/functions/login/private.settle_observation.sql

-- begin db/functions/sessions/private.redeem_link.sql
-- The session that asked for a login to be linked redeems its code: now the login is decided, as that member's. Locks come in the common
-- order (number, member, then rows). What goes wrong takes everything back, and the app may try again while the code lives.
create or replace function private.redeem_link(
  p_proposal registry.link_proposals, r registry.code_request, p_refresh_token_hash bytea, out session_id uuid, out refused boolean
)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $$
declare
  v_member_id constant uuid := private.session_member(p_proposal.session_id, p_proposal.organization_id);
  p registry.link_proposals;
  o registry.observations;
begin
  select known.* into o from registry.observations as known where known.id = p_proposal.observation_id;
  perform private.lock_number(o.organization_id, o.personnummer_masked) where o.personnummer_masked is not null;
  perform from registry.members as m where m.id = v_member_id for no key update;
  if private.session_member(p_proposal.session_id, p_proposal.organization_id) is distinct from v_member_id then
    raise exception 'The session moved to another record, or ended, meanwhile.' using errcode = 'serialization_failure';
  end if;
  delete from registry.link_proposals as known
  where known.observation_id = p_proposal.observation_id and known.code_expires_at > now()
  returning known.* into p;
  if p.observation_id is null then
    return; -- used meanwhile, or too late
  end if;
  select known.* into o from registry.observations as known where known.id = p.observation_id for update;
  if v_member_id is null or not private.code_is_for(row(p.return_to, p.code_hash, p.code_challenge, p.client_id, p.scope, p.nonce), r) then
    perform private.erase_proposed(o); -- a code is guessed at most once
    return;
  end if;
  if o.personnummer_index is not null and not (select g.capture from registry.organizations as g where g.id = o.organization_id) then
    o := private.without_number(o, 'capture_off'); -- switched off while the login waited
  end if;
  o.requested_member_id := v_member_id;
  o := private.settle_observation(o);
  perform private.store_decision(o);
  refused := o.member_id is null;
  if not refused then
    session_id := private.open_linked_session(o, p, p_refresh_token_hash);
  end if;
end
$$;
comment on function private.redeem_link is 'In: a proposal whose session presents its code, what it is presented with, SHA-256 of the first refresh token. Out: the new session, or that the login was refused, which is a case; neither: the code is not good. Links, fills and queues what follows.';
-- end db/functions/sessions/private.redeem_link.sql

-- begin db/functions/sessions/login.redeem_code.sql
-- The app exchanges its code, once. A second try with the right verifier means that somebody else has both: the session ends (RFC 6749,
-- section 4.1.2). With a wrong one it says nothing of the session: codes are seen in passing, and whoever saw this one could end it.
-- No row: the code is not good; why is nobody's business outside. The code of a login that is to be linked is good for the session that
-- asked, and to anybody else it is unknown; that login may also be refused.
create or replace function login.redeem_code(
  code_hash bytea, code_challenge text, refresh_token_hash bytea, link_session_id uuid default null,
  client_id text default null, redirect_uri text default null
)
returns table (
  session_id uuid, user_id uuid, member_id uuid, organization_id uuid, organization text, audience text, scope text[],
  nonce text, refused boolean
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  r constant registry.code_request := row(redeem_code.redirect_uri, redeem_code.code_hash, redeem_code.code_challenge,
    redeem_code.client_id, null, null);
  s registry.sessions;
  p registry.link_proposals;
  v_linked record;
begin
  -- Used up also by a wrong verifier: a code is guessed at most once. Of several at once the first one finds it unused.
  update registry.sessions as known set code_used_at = now()
  where known.code_hash = redeem_code.code_hash
    and known.code_used_at is null and known.ended_at is null and known.code_expires_at > now()
  returning known.* into s;
  if found then
    if private.code_is_for(row(s.return_to, s.code_hash, s.code_challenge, s.client_id, s.scope, s.nonce), r) then
      insert into registry.refresh_tokens (token_hash, session_id) values (redeem_code.refresh_token_hash, s.id);
      return query select d.*, false from private.describe_session(s.id) as d;
    end if;
    return;
  end if;
  select known.* into p from registry.link_proposals as known
  where known.code_hash = redeem_code.code_hash and known.session_id = redeem_code.link_session_id;
  if found then
    v_linked := private.redeem_link(p, r, redeem_code.refresh_token_hash);
    return query select d.*, false from private.describe_session(v_linked.session_id) as d;
    return query select null::uuid, null::uuid, null::uuid, null::uuid, null::text, null::text, null::text[], null::text, true where v_linked.refused;
    if v_linked.session_id is not null or v_linked.refused then
      return;
    end if; -- used meanwhile, maybe by the first of two same calls, which is answered below
  end if;
  select known.* into s from registry.sessions as known
  where known.code_hash = redeem_code.code_hash and known.code_challenge = redeem_code.code_challenge and known.code_used_at is not null
  for update;
  if not found then
    return;
  -- The same call, repeated because its answer was lost: nobody but its caller knows that token, which was never answered before.
  elsif s.ended_at is null and exists (
    select from registry.refresh_tokens as t where t.token_hash = redeem_code.refresh_token_hash and t.session_id = s.id) then
    return query select d.*, false from private.describe_session(s.id) as d;
  else
    perform private.end_session(s, 'code_replayed');
  end if;
end
$$;
comment on function login.redeem_code is 'In: SHA-256 of the code, S256 of the verifier, SHA-256 of the first refresh token; the session whose access token came along, if one did; the app and its redirect address, if it came by /authorize. Out: the session; refused: the login was not linked, and a coordinator has a case; or no row. The same again is answered the same where there is a session.';
grant execute on function login.redeem_code to auth_callback;
-- end db/functions/sessions/login.redeem_code.sql

-- begin db/functions/login/login.report_inconsistency.sql
-- The second leg of one login brought another person, or another number, than the first. Nothing is written to the record.
create or replace function login.report_inconsistency(observation_id uuid, inconsistency text)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
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
    perform private.record_event('inconsistent', o.source::text, o.organization_id,
      format('Two steps of one login by %s contradicted each other; nothing was written.', o.source),
      p_member_id => o.member_id, p_observation_id => o.id, p_conflict_id => (private.open_case_of_login('inconsistent', o, o.member_id)).id,
      p_detail => jsonb_build_object('inconsistency', o.inconsistency));
  end if;
end
$$;
comment on function login.report_inconsistency is 'In: an observation, numbers_differ or subject_differs. Opens a case, once.';
grant execute on function login.report_inconsistency to auth_callback;
-- end db/functions/login/login.report_inconsistency.sql

-- begin db/functions/sessions/private.session_end.sql
-- However often it is refreshed, a coordinator's session ends a day after it was opened: the staff provider is then asked again, which knows who
-- has left. Who goes home in between signs in anew anyway, so that only a session that somebody else keeps going meets this end.
create or replace function private.session_end(p_audience registry.audience, p_opened_at timestamptz)
returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select least(now() + private.session_lifetime(p_audience), case p_audience when 'coordinators' then p_opened_at + interval '24 hours' end)
$$;
comment on function private.session_end is 'In: whose session, when it was opened. Out: when it ends unless it is refreshed from now on.';
-- end db/functions/sessions/private.session_end.sql

-- begin db/functions/sessions/login.rotate_refresh_token.sql
-- Refresh tokens rotate. The one before the current may come again for a minute: an answer is lost, or two refreshes meet. It then brings
-- the same next token, which the caller makes of it and the salt, so that there is one chain and never two side by side. Any older one
-- was stolen, or a newer one was: the family ends (RFC 9700, section 4.14.2).
create or replace function login.rotate_refresh_token(
  refresh_token_hash bytea, new_salt bytea, new_refresh_token_hash bytea, client_id text default null
)
returns table (
  session_id uuid, user_id uuid, member_id uuid, organization_id uuid, organization text, audience text, scope text[], nonce text, salt bytea
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s registry.sessions;
  t registry.refresh_tokens;
begin
  -- The session is locked first, and the token read after that: of two uses at once the second one must see what the first one did.
  select known.* into s from registry.sessions as known
  where known.id = (select k.session_id from registry.refresh_tokens as k where k.token_hash = rotate_refresh_token.refresh_token_hash)
  for update;
  -- Of another app: as good as unknown, and no reason to end anything (RFC 6749, section 6).
  if s.id is null or s.ended_at is not null or s.client_id is distinct from rotate_refresh_token.client_id then
    return;
  end if;
  select k.* into t from registry.refresh_tokens as k where k.token_hash = rotate_refresh_token.refresh_token_hash;
  if t.replaced_at is not null and (t.successor_salt is null or t.replaced_at <= now() - interval '60 seconds') then
    perform private.end_session(s, 'refresh_token_reused');
  elsif s.expires_at <= now() then
    perform private.end_session(s, 'expired');
  elsif not private.link_stands(s) then
    perform private.end_session(s, 'link_removed');
  else
    if t.replaced_at is null then
      t.successor_salt := rotate_refresh_token.new_salt;
      -- Only the token before the current one may come again, so only it keeps its salt.
      update registry.refresh_tokens as k set successor_salt = null where k.session_id = s.id and k.successor_salt is not null;
      update registry.refresh_tokens as k set replaced_at = now(), successor_salt = t.successor_salt where k.token_hash = t.token_hash;
      insert into registry.refresh_tokens (token_hash, session_id) values (rotate_refresh_token.new_refresh_token_hash, s.id);
      update registry.sessions as known set expires_at = private.session_end(s.audience, s.opened_at)
      where known.id = s.id;
    end if;
    return query select d.*, t.successor_salt from private.describe_session(s.id) as d;
  end if;
end
$$;
comment on function login.rotate_refresh_token is 'In: SHA-256 of the presented token, a fresh salt, SHA-256 of the next token, which is made of the presented one and that salt; the app, if it came by /authorize. Out: the session and the salt that its next token is made with (an earlier one where the token came again), or no row. A member''s session lives 30 days from its last refresh, a coordinator''s 12 hours, and a day in all.';
grant execute on function login.rotate_refresh_token to auth_callback;
-- end db/functions/sessions/login.rotate_refresh_token.sql

-- begin db/functions/sessions/login.session_is_live.sql
-- Before a member is sent to a provider to link another login: is the access token's session still alive?
create or replace function login.session_is_live(session_id uuid, organization text)
returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.session_member(session_is_live.session_id, g.id) is not null
  from registry.organizations as g
  where g.slug = session_is_live.organization
$$;
comment on function login.session_is_live is 'In: a session, the organisation (slug). Out: whether its member is logged in; null for an unknown organisation.';
grant execute on function login.session_is_live to auth_callback;
-- end db/functions/sessions/login.session_is_live.sql

-- begin db/functions/coordinators/private.bound_coordinator.sql
-- After the first sign-in issuer and subject alone count: an e-mail address may get another owner.
create or replace function private.bound_coordinator(p_organization_id uuid, l registry.login_key)
returns registry.coordinators
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select c from registry.coordinators as c
  where c.organization_id = p_organization_id and c.issuer = l.issuer and c.subject = l.subject
$$;
comment on function private.bound_coordinator is 'In: organisation, issuer and subject. Out: the coordinator who signs in with that login, or null.';
-- end db/functions/coordinators/private.bound_coordinator.sql

-- begin db/functions/coordinators/private.open_coordinator_session.sql
-- A coordinator's session begins with no login of a member. The same code again is the same call, repeated because its answer was lost.
create or replace function private.open_coordinator_session(c registry.coordinators, r registry.code_request)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_session_id uuid;
begin
  insert into registry.sessions (organization_id, coordinator_id, return_to, client_id, scope, nonce, code_hash, code_challenge,
    code_expires_at, expires_at)
  select c.organization_id, c.user_id, r.return_to, r.client_id, r.scope, r.nonce, r.code_hash, r.code_challenge,
    now() + interval '60 seconds', now() + private.session_lifetime('coordinators')
  where private.may_return_to(c.organization_id, 'coordinators', r.client_id, r.return_to)
  on conflict (code_hash) do nothing
  returning id into v_session_id;
  if v_session_id is null then
    return exists (
      select from registry.sessions as s
      where s.coordinator_id = c.user_id and s.organization_id = c.organization_id and s.code_hash = r.code_hash
        and s.code_challenge = r.code_challenge and s.code_used_at is null and s.ended_at is null);
  end if;
  perform private.record_event('coordinator_signed_in', 'staff-login', c.organization_id, 'A coordinator signed in.',
    p_detail => jsonb_build_object('user_id', c.user_id, 'session_id', v_session_id), p_actor => 'coordinator:' || c.user_id);
  return true;
end
$$;
comment on function private.open_coordinator_session is 'In: a coordinator, what the app asked for and the new code. Out: whether the code may be given out. It lives 60 seconds.';
-- end db/functions/coordinators/private.open_coordinator_session.sql

-- begin db/functions/coordinators/private.refuse_sign_in.sql
-- Anybody with an account at the organisation's provider may try, as often as they like. Neither the address nor the subject is written down.
create or replace function private.refuse_sign_in(p_organization_id uuid, p_email text, p_email_verified boolean)
returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_invited constant boolean := exists (
    select from registry.coordinators as c
    where c.organization_id = p_organization_id and c.state = 'invited' and private.email_key(c.email) = private.email_key(p_email));
  v_reason constant text := case when not v_invited then 'not_invited' when not coalesce(p_email_verified, false) then 'email_not_verified'
    else 'invitation_expired' end;
begin
  perform private.record_repeatable(p_organization_id || ' ' || v_reason, 'sign_in_refused', 'staff-login', p_organization_id,
    format('Somebody whom the staff provider knows was not signed in: %s.', replace(v_reason, '_', ' ')),
    p_detail => jsonb_build_object('reason', v_reason));
  return v_reason;
end
$$;
comment on function private.refuse_sign_in is 'In: organisation, e-mail address of the login, whether it is verified. Out: the reason. Appends the audit event, or counts it.';
-- end db/functions/coordinators/private.refuse_sign_in.sql

-- begin db/functions/coordinators/private.use_invitation.sql
-- An invitation is used once, by the first login whose verified e-mail address is the invited one. Of two at once the row lets one through;
-- the same login in two windows is one person, who finds the row bound by then.
create or replace function private.use_invitation(p_organization_id uuid, l registry.login_key, p_email text)
returns registry.coordinators
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.coordinators;
begin
  update registry.coordinators as k set issuer = l.issuer, subject = l.subject
  where k.organization_id = p_organization_id and k.state = 'invited' and private.email_key(k.email) = private.email_key(p_email)
    and k.invited_at > now() - interval '30 days'
  returning k.* into c;
  if not found then
    return private.bound_coordinator(p_organization_id, l);
  end if;
  perform private.record_event('coordinator_bound', 'staff-login', p_organization_id,
    'An invitation was used: from now on this login of the staff provider is the coordinator''s.',
    p_detail => jsonb_build_object('user_id', c.user_id), p_actor => 'coordinator:' || c.user_id);
  return c;
end
$$;
comment on function private.use_invitation is 'In: organisation, issuer and subject, a verified e-mail address. Out: the coordinator whose invitation it was, or null.';
-- end db/functions/coordinators/private.use_invitation.sql

-- begin db/functions/coordinators/login.sign_in_coordinator.sql
-- A login of the staff provider leaves no observation and touches no member. Who has signed in before is known by issuer and subject; who
-- has not must have been invited. The code makes a repeated call, whose answer was lost, the same call.
create or replace function login.sign_in_coordinator(
  organization text, issuer text, subject text, email text, email_verified boolean, code_hash bytea, code_challenge text, return_to text,
  client_id text default null, scope text[] default '{}', nonce text default null
)
returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  l constant registry.login_key := row(sign_in_coordinator.issuer, sign_in_coordinator.subject);
  r constant registry.code_request := row(sign_in_coordinator.return_to, sign_in_coordinator.code_hash, sign_in_coordinator.code_challenge,
    sign_in_coordinator.client_id, coalesce(sign_in_coordinator.scope, '{}'), sign_in_coordinator.nonce);
  v_organization_id constant uuid := (
    select g.id from registry.organizations as g
    join registry.identity_providers as p on p.organization_id = g.id and p.provider = 'staff' and p.enabled
    where g.slug = sign_in_coordinator.organization and p.issuer = sign_in_coordinator.issuer);
  c registry.coordinators;
begin
  if v_organization_id is null then
    raise exception 'The organisation has no such provider.' using errcode = 'PN001',
      hint = 'Providers are rows in registry.identity_providers.';
  end if;
  c := private.bound_coordinator(v_organization_id, l);
  if c.user_id is null and sign_in_coordinator.email_verified then
    c := private.use_invitation(v_organization_id, l, sign_in_coordinator.email);
  end if;
  if c.user_id is null then
    return private.refuse_sign_in(v_organization_id, sign_in_coordinator.email, sign_in_coordinator.email_verified);
  elsif private.open_coordinator_session(c, r) then
    return 'opened';
  end if;
  return 'refused';
end
$$;
comment on function login.sign_in_coordinator is 'In: organisation (slug), a verified login of its staff provider, what the app asked for and the new code. Out: opened; refused (the address is not registered, or the code was used); or why nobody is signed in: not_invited, email_not_verified, invitation_expired. Raises PN001.';
grant execute on function login.sign_in_coordinator to auth_callback;
-- end db/functions/coordinators/login.sign_in_coordinator.sql

-- begin db/functions/retention/private.abandon_imports.sql
-- An import that was killed and never started again keeps numbers that wait for the end of its file. After a month nobody will.
create or replace function private.abandon_imports(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs;
  v_ended integer := 0;
begin
  for v_run in
    select r.* from registry.import_runs as r
    where not r.dry_run and r.state = 'running' and r.started_at < now() - interval '31 days'
    order by r.started_at limit p_most for update skip locked
  loop
    perform private.end_import(v_run, 'abandoned');
    v_ended := v_ended + 1;
  end loop;
  return v_ended;
end
$$;
comment on function private.abandon_imports is 'In: how many at most. Out: how many imports were given up that began more than 31 days ago and never ended.';
-- end db/functions/retention/private.abandon_imports.sql

-- begin db/functions/sealing/private.sealed_size.sql
-- Leaves are numbered without a gap, so the last number says how many there are.
create or replace function private.sealed_size()
returns bigint
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((select l.leaf_index + 1 from audit.leaves as l order by l.leaf_index desc limit 1), 0)
$$;
comment on function private.sealed_size is 'Out: how many events are sealed.';
-- end db/functions/sealing/private.sealed_size.sql

-- begin db/functions/sealing/private.accept_restore.sql
-- A restored backup lacks what was sealed after it was made, and whoever has seen more will say so. Somebody who knows that it was restored says
-- it here, once: the audit goes on in a new epoch, and for everybody to read it names the last checkpoint that was lost.
create or replace function private.accept_restore(p_lost_checkpoint text)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_size bigint;
  v_epoch integer;
begin
  perform audit.lock_sealing();
  v_size := private.sealed_size();
  v_epoch := audit.begin_epoch('restore_accepted', v_size, p_lost_checkpoint);
  perform private.record_event('restore_accepted', 'operator', null,
    'A restored backup was accepted: the audit goes on after ' || v_size || ' sealed events, in epoch ' || v_epoch || '.',
    p_detail => jsonb_strip_nulls(jsonb_build_object('epoch', v_epoch, 'sealed', v_size, 'lost', p_lost_checkpoint)));
  return v_epoch;
end
$$;
comment on function private.accept_restore is 'In: the newest checkpoint that shows what is lost; null where nobody has one. Out: the new epoch.';
-- end db/functions/sealing/private.accept_restore.sql

-- begin db/functions/keys/private.begin_renewal.sql
-- Begins the background work of a rotation (npm run keys:rotate -- index|sealing renew). The payload names keys and holds none. The worker
-- goes on from page to page by itself; begun again, it starts over, which costs reading only.
create or replace function private.begin_renewal(p_index_version text, p_sealing_kid text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if (graphile_worker.add_job(
    identifier => 'renew_numbers',
    payload => json_build_object('index_version', p_index_version, 'sealing_kid', p_sealing_kid),
    job_key => 'renew_numbers', max_attempts => 25)).id is null then
    raise exception 'The job queue did not take the job.' using errcode = 'PN010';
  end if;
end
$$;
comment on function private.begin_renewal is 'In: version of the index secret, kid of the sealing key (null: leave as it is). Queues the task that renews every stored number under them.';
-- end db/functions/keys/private.begin_renewal.sql

-- begin db/functions/erasure/private.digest_erasure.sql
-- A row of audit.erasures changes until it is carried out, so it is under no seal itself. What it says from then on goes into the event that is
-- sealed, as a digest: audit:verify works it out again (audit-tools/audit-reader.ts), and must not believe a function of the database.
create or replace function private.digest_erasure(e audit.erasures)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select encode(sha256(convert_to(jsonb_build_array(
    e.id, e.organization_id, e.member_id, e.reason, e.requested_by, e.approved_by, e.conflict_id,
    (extract(epoch from e.announced_at) * 1000000)::bigint, (extract(epoch from e.erased_at) * 1000000)::bigint, e.counts, (
      select jsonb_agg(jsonb_build_array(r.member_id, encode(r.external_id_digest, 'hex')) order by r.member_id)
      from audit.erased_records as r where r.erasure_id = e.id))::text, 'UTF8')), 'hex')
$$;
comment on function private.digest_erasure is 'In: an erasure that was carried out. Out: SHA-256 (hex) over what never changes of it, with its records (docs/auditing.md).';
-- end db/functions/erasure/private.digest_erasure.sql

-- begin db/functions/erasure/private.erase_cases.sql
-- Cases that name the person close, and what was written in them goes: texts of coordinators, numbers, what agreed and disagreed, and with
-- what it takes to undo a decision. That there was a case, of which kind, and how it was settled stays: it is counted.
create or replace function private.erase_cases(p private.person)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_cases integer;
  v_comments integer;
  v_decisions integer;
  v_offers integer;
begin
  perform from registry.conflicts as c where c.id = any (p.conflict_ids) order by c.id for update;
  perform private.supersede_cases(p.conflict_ids, 'worker', 'Somebody whom the case was about was erased.');
  delete from registry.conflict_comments as k where k.organization_id = p.organization_id and k.conflict_id = any (p.conflict_ids);
  get diagnostics v_comments = row_count;
  delete from registry.offered_numbers as n where n.conflict_id = any (p.conflict_ids);
  get diagnostics v_offers = row_count;
  update registry.resolutions as r set note = null, undo_note = null, before = null where r.conflict_id = any (p.conflict_ids);
  get diagnostics v_decisions = row_count;
  update registry.conflicts as c
  set erased_at = clock_timestamp(), fingerprint = 'erased ' || c.id, personnummer_index = null, personnummer_index_previous = '{}',
      number_seen_at = null, note = null, proposal.note = null, version = c.version + 1,
      detail = case when c.detail ? 'import_run_id' then jsonb_build_object('import_run_id', c.detail -> 'import_run_id') else '{}' end
  where c.id = any (p.conflict_ids);
  get diagnostics v_cases = row_count;
  return jsonb_build_object('registry.conflicts', v_cases, 'registry.conflict_comments', v_comments, 'registry.resolutions', v_decisions,
    'registry.offered_numbers', v_offers);
end
$$;
comment on function private.erase_cases is 'In: a locked person. Out: how many rows, by table.';
-- end db/functions/erasure/private.erase_cases.sql

-- begin db/functions/erasure/private.erase_events.sql
-- What the audit says of a person, under any of the ids that point at them, and what is counted to be said when the hour is over.
create or replace function private.erase_events(p private.person)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_events integer;
  v_repeated integer;
begin
  v_events := audit.redact_events(array(
    select e.id from audit.events as e where e.member_id = any (p.member_ids)
    union select e.id from audit.events as e where e.observation_id = any (p.observation_ids)
    union select e.id from audit.events as e where e.conflict_id = any (p.conflict_ids)
    union select e.id from audit.events as e where e.push_id = any (p.push_ids)), 'erasure');
  delete from registry.repeated_events as r
  where r.member_id = any (p.member_ids) or r.conflict_id = any (p.conflict_ids) or r.push_id = any (p.push_ids);
  get diagnostics v_repeated = row_count;
  return jsonb_build_object('audit.events', v_events, 'registry.repeated_events', v_repeated);
end
$$;
comment on function private.erase_events is 'In: a locked person. Out: how many rows, by table. Redacts the audit''s events.';
-- end db/functions/erasure/private.erase_events.sql

-- begin db/functions/erasure/private.erase_imported.sql
-- What a running import remembers of its file. Its next rows about the person are refused (private.read_rows).
create or replace function private.erase_imported(p private.person)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lines integer;
  v_waiting integer;
begin
  delete from registry.import_lines as l using registry.import_runs as r
  where r.organization_id = p.organization_id and r.state = 'running' and l.run_id = r.id and l.external_id = any (p.external_ids);
  get diagnostics v_lines = row_count;
  delete from registry.waiting_numbers as w using registry.import_runs as r
  where r.organization_id = p.organization_id and r.state = 'running' and w.run_id = r.id
    and (w.external_id = any (p.external_ids) or w.personnummer_index = any (p.numbers));
  get diagnostics v_waiting = row_count;
  return jsonb_build_object('registry.import_lines', v_lines, 'registry.waiting_numbers', v_waiting);
end
$$;
comment on function private.erase_imported is 'In: a locked person. Out: how many rows, by table.';
-- end db/functions/erasure/private.erase_imported.sql

-- begin db/functions/erasure/private.erase_logins.sql
-- Links, sessions, consents and messages about them go. Of each login there is left that somebody logged in, and what came of it.
create or replace function private.erase_logins(p private.person)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := clock_timestamp();
  v_counts jsonb := '{}'::jsonb;
  v_rows integer;
begin
  delete from registry.link_proposals as k where k.observation_id = any (p.observation_ids) or k.session_id = any (p.session_ids);
  get diagnostics v_rows = row_count;
  v_counts := v_counts || jsonb_build_object('registry.link_proposals', v_rows);
  delete from registry.refresh_tokens as t where t.session_id = any (p.session_ids);
  get diagnostics v_rows = row_count;
  v_counts := v_counts || jsonb_build_object('registry.refresh_tokens', v_rows);
  delete from registry.sessions as s where s.id = any (p.session_ids);
  get diagnostics v_rows = row_count;
  v_counts := v_counts || jsonb_build_object('registry.sessions', v_rows);
  delete from registry.consents as k where k.organization_id = p.organization_id and k.member_id = any (p.member_ids);
  get diagnostics v_rows = row_count;
  v_counts := v_counts || jsonb_build_object('registry.consents', v_rows);
  delete from registry.revocations as r using unnest(p.logins) as l
  where r.organization_id = p.organization_id and r.provider = any (enum_range(null::registry.provider)) and r.subject = l.subject;
  get diagnostics v_rows = row_count;
  v_counts := v_counts || jsonb_build_object('registry.revocations', v_rows);
  delete from registry.excluded_links as x
  where x.organization_id = p.organization_id
    and (x.member_id = any (p.member_ids) or (x.issuer, x.subject) in (select l.issuer, l.subject from unnest(p.logins) as l));
  get diagnostics v_rows = row_count;
  v_counts := v_counts || jsonb_build_object('registry.excluded_links', v_rows);
  delete from registry.identity_links as l where l.organization_id = p.organization_id and l.member_id = any (p.member_ids);
  get diagnostics v_rows = row_count;
  v_counts := v_counts || jsonb_build_object('registry.identity_links', v_rows);
  update registry.observations as o
  set subject = null, erased_at = v_now, explanation = '{}', acr = null,
      given_name = null, family_name = null, birth_date = null, phone = null, email = null, traceparent = null,
      contact_erased_at = coalesce(o.contact_erased_at, v_now),
      number_erased_at = case when o.personnummer_index is not null then v_now else o.number_erased_at end,
      personnummer_index = null, personnummer_index_previous = '{}', personnummer_sealed = null, personnummer_masked = null
  where o.id = any (p.observation_ids);
  get diagnostics v_rows = row_count;
  return v_counts || jsonb_build_object('registry.observations', v_rows);
end
$$;
comment on function private.erase_logins is 'In: a locked person. Out: how many rows, by table.';
-- end db/functions/erasure/private.erase_logins.sql

-- begin db/functions/reporting/private.erase_membership.sql
-- Counts stay, persons go: what was frozen keeps its figures, and its list says that somebody who counted was erased.
create or replace function private.erase_membership(p private.person)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_residences integer;
  v_memberships integer;
  v_dues integer;
  v_persons integer;
begin
  delete from reporting.residences as k where k.organization_id = p.organization_id and k.member_id = any (p.member_ids);
  get diagnostics v_residences = row_count;
  delete from reporting.memberships as k where k.organization_id = p.organization_id and k.member_id = any (p.member_ids);
  get diagnostics v_memberships = row_count;
  delete from reporting.dues as k where k.organization_id = p.organization_id and k.member_id = any (p.member_ids);
  get diagnostics v_dues = row_count;
  update reporting.snapshot_persons as k
  set name = null, address = null, postal_code = null, municipality = null, county = null, chapter = null, birth_year = null, paid_on = null,
      amount = null, probable_group = null, erased_at = clock_timestamp()
  where k.organization_id = p.organization_id and k.member_id = any (p.member_ids);
  get diagnostics v_persons = row_count;
  return jsonb_build_object('reporting.residences', v_residences, 'reporting.memberships', v_memberships, 'reporting.dues', v_dues,
    'reporting.snapshot_persons', v_persons);
end
$$;
comment on function private.erase_membership is 'In: a locked person. Out: how many rows, by table.';
-- end db/functions/reporting/private.erase_membership.sql

-- begin db/functions/erasure/private.records_told_of.sql
-- Which records of a person the member system may have had a number of from us: something was begun to be sent, or stands in a file, and no removal
-- has arrived since.
create or replace function private.records_told_of(p private.person)
returns uuid[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select last.member_id from (
      select distinct on (u.member_id) u.member_id, u.state, u.removal from sync.pushes as u
      where u.id = any (p.push_ids) and (u.attempts > 0 or u.file_id is not null)
      order by u.member_id, u.created_at desc, u.id) as last
    where not (last.state = 'delivered' and last.removal)
    order by last.member_id)
$$;
comment on function private.records_told_of is 'In: a person. Out: the records that a removal is due for.';
-- end db/functions/erasure/private.records_told_of.sql

-- begin db/functions/erasure/private.erase_pushes.sql
-- What waits to be sent is dropped, also out of a file that nobody has fetched. Where a number has gone out, or is going out at this moment, the
-- member system is told to remove it, after what is being sent; where none has, there is nothing to tell, and the member number goes at once.
create or replace function private.erase_pushes(p private.person)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_told constant uuid[] := private.records_told_of(p);
  u sync.pushes;
  v_rows integer;
begin
  perform from sync.files as f
  where f.organization_id = p.organization_id and f.state in ('writing', 'ready') and exists (
    select from sync.pushes as k where k.id = any (p.push_ids) and k.settled_at is null and k.file_id is not null) for update;
  perform from sync.pushes as k where k.id = any (p.push_ids) order by k.id for update;
  for u in
    select k.* from sync.pushes as k
    where k.id = any (p.push_ids) and (k.state = 'pending' or k.state = 'given_up' and k.next_attempt_at is not null) order by k.id
  loop
    perform private.settle_push(u, 'superseded', 'push_superseded', 'The push was dropped: the person was erased.');
    perform private.withdraw_file(u.file_id) where u.file_id is not null;
  end loop;
  update sync.pushes as k set personnummer_index = null, number_erased_at = clock_timestamp()
  where k.id = any (p.push_ids) and k.personnummer_index is not null;
  get diagnostics v_rows = row_count;
  perform private.queue_push(told.id, p_decided => true) from unnest(v_told) as told(id);
  update registry.members as m set external_id = null where m.id = any (p.member_ids) and m.id <> all (v_told);
  return jsonb_build_object('sync.pushes', v_rows);
end
$$;
comment on function private.erase_pushes is 'In: a locked person, whose records are erased. Out: how many rows, by table. Queues the removals.';
-- end db/functions/erasure/private.erase_pushes.sql

-- begin db/functions/erasure/private.erase_records.sql
-- The rows of the records stay as a mark, for the rows that refer to them, with nothing of the person in them. The member number stays as long
-- as the member system has to be told by it (private.erase_pushes).
create or replace function private.erase_records(p private.person, p_erasure_id uuid)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_records integer;
begin
  perform private.write_numbers(p.member_ids, null);
  update registry.members as m
  set given_name = null, family_name = null, birth_date = null, email = null, phone = null, user_id = gen_random_uuid(),
      erasure_id = p_erasure_id, erased_at = clock_timestamp()
  where m.id = any (p.member_ids);
  get diagnostics v_records = row_count;
  delete from registry.member_search as s where s.organization_id = p.organization_id and s.member_id = any (p.member_ids);
  return jsonb_build_object('registry.members', v_records);
end
$$;
comment on function private.erase_records is 'In: a locked person, the erasure. Out: how many rows, by table.';
-- end db/functions/erasure/private.erase_records.sql

-- begin db/functions/erasure/private.lock_person.sql
-- Everything that others may be busy with about a person, locked in the common order: the import that runs, accounts and numbers, logins that are
-- being decided anew, the records. The records are locked against everything: a login that is being written down refers to its member, and is
-- either there when we look, or comes to nobody.
create or replace function private.lock_person(p private.person)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from registry.import_runs as r where r.organization_id = p.organization_id and r.state = 'running' order by r.id for update;
  perform private.lock_login(one.id) from (
    select (array_agg(o.id))[1] as id from registry.observations as o
    where o.id = any (p.observation_ids) and o.subject is not null
    group by o.issuer, o.subject order by o.issuer, o.subject) as one;
  perform private.lock_number(p.organization_id, brought.masked) from (
    select m.personnummer_masked from registry.members as m where m.id = any (p.member_ids) and m.personnummer_masked is not null
    union
    select o.personnummer_masked from registry.observations as o where o.id = any (p.observation_ids) and o.personnummer_masked is not null
    order by 1) as brought(masked);
  perform from registry.observations as o where o.id = any (p.observation_ids) and o.outcome = 'deferred' order by o.id for update;
  perform from registry.members as m where m.id = any (p.member_ids) order by m.id for update;
end
$$;
comment on function private.lock_person is 'In: a person. Waits until nobody else is busy with it, and keeps it so until the transaction ends.';
-- end db/functions/erasure/private.lock_person.sql

-- begin db/functions/erasure/private.remains_of.sql
-- What of a person is still there after erasing: every column that private.personal_data calls erased, looked at in the person's rows.
create or replace function private.remains_of(p_person private.person)
returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_question text;
  v_left text[];
begin
  select string_agg(format('select %L as place, (select count(*) from %I.%I as t where %s and not (%s)) as remaining',
    q.schema_name || '.' || q.table_name, q.schema_name, q.table_name, regexp_replace(q.found_by, '\mp\.', '($1).', 'g'), q.gone), ' union all ')
  into v_question
  from (
    select d.schema_name, d.table_name, d.found_by, string_agg(distinct '(' || d.gone || ')', ' and ') as gone
    from private.personal_data as d where d.class = 'erased' group by d.schema_name, d.table_name, d.found_by) as q;
  execute format('select array_agg(r.place) from (%s) as r where r.remaining > 0', v_question) into v_left using p_person;
  return v_left;
end
$$;
comment on function private.remains_of is 'In: a person as it was before erasing (private.find_person). Out: tables in whose rows of the person something is left; null: none.';
-- end db/functions/erasure/private.remains_of.sql

-- begin db/functions/erasure/private.carry_out_erasure.sql
-- Erasing a person, from the first lock to the last row, in one transaction. What was said in the audit goes before what is said about the
-- erasure itself; the records go last but for the pushes, which tell the member system that the number is gone. That nothing is left is looked
-- at through the catalog (private.remains_of): what somebody adds and forgets here ends in a failure, not in silence.
create or replace function private.carry_out_erasure(p_erasure_id uuid)
returns audit.erasures
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  e audit.erasures;
  p private.person;
  v_member_ids uuid[];
  v_counts jsonb;
  v_remains text;
begin
  select known.* into e from audit.erasures as known where known.id = p_erasure_id;
  v_member_ids := array(select r.member_id from audit.erased_records as r where r.erasure_id = e.id order by r.member_id);
  perform private.lock_person(private.find_person(e.organization_id, v_member_ids));
  select known.* into e from audit.erasures as known where known.id = p_erasure_id for update;
  if e.state is distinct from 'announced' then
    return e;
  end if;
  p := private.find_person(e.organization_id, v_member_ids); -- once more, now that nothing comes between
  v_counts := private.erase_events(p) || private.erase_cases(p) || private.erase_logins(p) || private.erase_imported(p)
    || private.erase_membership(p);
  v_counts := v_counts || private.erase_records(p, e.id) || private.erase_pushes(p)
    || jsonb_build_object('billing.invoices', billing.cancel_of_erased(p.organization_id, p.member_ids));
  v_remains := array_to_string(private.remains_of(p), ', ');
  if v_remains is not null then
    raise exception 'Something of the person would be left: %.', v_remains using errcode = 'PN011';
  end if;
  update audit.erasures as u
  set state = 'erased', erased_at = clock_timestamp(), counts = v_counts,
      removal = case when exists (select from registry.members as m where m.id = any (p.member_ids) and m.external_id is not null)
        then 'queued' else 'not_needed' end::audit.removal_state
  where u.id = e.id returning u.* into e;
  perform private.record_event('member_erased', 'worker', e.organization_id, 'The person was erased.', p_member_id => e.member_id,
    p_detail => jsonb_build_object('erasure_id', e.id, 'counts', v_counts, 'removal', e.removal, 'digest', private.digest_erasure(e)));
  return e;
end
$$;
comment on function private.carry_out_erasure is 'In: an announced erasure. Out: the erasure, carried out; one that was carried out before is left alone. Raises PN011 where something would be left.';
-- end db/functions/erasure/private.carry_out_erasure.sql

-- begin db/functions/files_and_worklist/private.changes_for_file.sql
-- What a file would carry now: what waits, and what was given up and is tried once a day, which may be from a time when the changes went
-- another way; of one member the last. Changes whose record has moved on are settled first: no later file could carry them either, so
-- they would wait for ever.
create or replace function private.changes_for_file(p_organization_id uuid)
returns uuid[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes;
begin
  for p in
    select known.* from sync.pushes as known
    join registry.members as m on m.id = known.member_id
    where known.organization_id = p_organization_id and known.state in ('pending', 'given_up') and known.next_attempt_at <= clock_timestamp()
      and (m.merged_into is not null and m.erased_at is null or m.personnummer_index is distinct from known.personnummer_index)
    order by known.id for update of known skip locked
  loop
    if private.push_is_obsolete(p.id) then
      perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
    end if;
  end loop;
  return (
    select array_agg(due.id) from (
      select known.id from sync.pushes as known
      join registry.members as m on m.id = known.member_id and (m.merged_into is null or m.erased_at is not null)
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
-- end db/functions/files_and_worklist/private.changes_for_file.sql

-- begin db/functions/pushes/private.claim_locked.sql
-- The claim itself, for pushes that are locked and that nothing stands in the way of. A claim is a lease with a fencing token: a
-- worker that is paused and wakes up after its lease cannot overwrite what a later one has reported.
create or replace function private.claim_locked(p_ids uuid[], p_worker_ids text[], p_slots smallint[])
returns setof sync.push_claim
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lease constant interval := private.lease();
begin
  return query
    with claimed as (
      update sync.pushes as u
      set state = 'sending', settled_at = null, attempts = u.attempts + 1, fencing_token = u.fencing_token + 1, slot = n.slot,
          leased_by = n.worker_id, lease_expires_at = clock_timestamp() + v_lease
      from unnest(p_ids, p_worker_ids, p_slots) as n(id, worker_id, slot)
      where u.id = n.id
        -- Looked at again under the lock of the slot, in a statement of its own: a claim that was faster has committed by now.
        and not exists (
          select from sync.pushes as holder
          where holder.organization_id = u.organization_id and holder.slot = n.slot and holder.state = 'sending'
            and holder.lease_expires_at > clock_timestamp())
      returning u.*
    ), systems as materialized (
      select s.organization_id, to_jsonb(s) as settings from sync.member_systems as s
      where s.organization_id in (select p.organization_id from sync.pushes as p where p.id = any (p_ids))
    )
    select c.id, c.leased_by, c.fencing_token::text, c.attempts, g.id, g.slug, m.id, m.external_id, m.personnummer_sealed,
      m.personnummer_index, s.settings, (extract(epoch from v_lease) * 1000)::integer, 0, c.status_url,
      coalesce(c.accepted_until < clock_timestamp(), false),
      to_char(c.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), null::text, null::integer,
      (select l.traceparent from registry.observations as l where l.id = c.observation_id)
    from claimed as c
    join registry.members as m on m.id = c.member_id
    join registry.organizations as g on g.id = c.organization_id
    left join systems as s on s.organization_id = c.organization_id;
end
$$;
comment on function private.claim_locked is 'In: locked pushes, and beside each the name it is claimed under and its slot. Out: what to send and where, for those whose slot is still free; the others are left as they are.';
-- end db/functions/pushes/private.claim_locked.sql

-- begin db/functions/pushes/private.claim_next_pushes.sql
-- The pushes that follow some that were delivered: for each another one of its organisation, the oldest first, that is due, whose job
-- waits, and that nothing stands in the way of. It goes on in the slot of the delivered one. Record and job are looked up one by one
-- (limit 1): however many wait, only the first few are looked at.
create or replace function private.claim_next_pushes(p_organization_ids uuid[], p_worker_ids text[], p_slots smallint[])
returns setof sync.push_claim
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_next record;
begin
  with free as materialized (
    select t.organization_id, t.worker_id, t.slot, row_number() over (partition by t.organization_id) as nth
    from unnest(p_organization_ids, p_worker_ids, p_slots) as t(organization_id, worker_id, slot)
    cross join lateral (
      select from sync.member_systems as s
      where s.organization_id = t.organization_id and s.kind <> 'file' and s.rate_per_second is null and t.slot <= s.concurrency limit 1) as s
    where t.worker_id is not null
      and not exists (select from sync.breakers as b where b.organization_id = t.organization_id and b.state <> 'closed')
      and pg_try_advisory_xact_lock(hashtextextended(t.organization_id || ' slot ' || t.slot, 0))
  )
  select array_agg(next.id) as ids, array_agg(f.worker_id) as worker_ids, array_agg(f.slot) as slots, array_agg(next.job_id) as job_ids
  into v_next
  from (
    select o.organization_id, due.id, due.job_id, row_number() over (partition by o.organization_id) as nth
    from (select f.organization_id, count(*) as most from free as f group by f.organization_id) as o
    cross join lateral (
      select p.id, j.id as job_id from sync.pushes as p
      cross join lateral (
        select from private.push_standing as s where s.id = p.id and not s.is_obsolete and not s.member_is_busy limit 1) as stands
      cross join lateral (
        select w.id from graphile_worker.jobs as w where w.key = 'push_personnummer:' || p.id and w.locked_at is null limit 1) as j
      where p.organization_id = o.organization_id and p.settled_at is null and p.state = 'pending'
        and p.next_attempt_at <= statement_timestamp()
      order by p.next_attempt_at limit o.most
      for update of p skip locked
    ) as due
  ) as next
  join free as f on f.organization_id = next.organization_id and f.nth = next.nth;
  if v_next.ids is null then
    return;
  end if;
  return query select c.* from private.claim_locked(v_next.ids, v_next.worker_ids, v_next.slots) as c;
  -- The claim takes the place of the job, and a lease that runs out makes a new one. What was not claimed, because its slot was
  -- taken meanwhile, keeps its job, and so does one that somebody is fetching at this moment, and who finds the push taken.
  perform graphile_worker.complete_jobs(array(
    select t.job_id from unnest(v_next.ids, v_next.job_ids) as t(id, job_id)
    join sync.pushes as p on p.id = t.id and p.state = 'sending'));
end
$$;
comment on function private.claim_next_pushes is 'In: of pushes that were delivered, the organisation, the name under which to claim the next one (null: none) and the slot. Out: the claims.';
-- end db/functions/pushes/private.claim_next_pushes.sql

-- begin db/functions/conflicts/private.class_of_case.sql
-- Cases of one kind and class are one question asked many times, so they may be answered together (api.resolve_conflicts): the same decisions
-- can be made of them, and the same things agree and disagree.
create or replace function private.class_of_case(p_kind registry.conflict_kind, p_decisions text[], p_detail jsonb)
returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return concat_ws(' / ',
    array_to_string(p_decisions, ' '),
    case when p_kind = 'mismatch' then coalesce(nullif(concat_ws(' ',
      case when (p_detail -> 'd_number_to_personnummer') = 'true' then 'd_number_to_personnummer' end,
      case when (p_detail -> 'same_birth_date') = 'true' then 'same_birth_date' end,
      case when (p_detail -> 'recorded_synthetic') is distinct from (p_detail -> 'observed_synthetic') then 'one_synthetic' end,
      case when (p_detail -> 'older_than_record') = 'true' then 'older_than_record' end), ''), 'other_birth_date') end,
    case when p_kind in ('ambiguous', 'name_mismatch') then p_detail ->> 'match_rule' end,
    case when p_kind in ('ambiguous', 'name_mismatch') then 'disagreed: ' || coalesce(p_detail ->> 'disagreed', '[]') end,
    case when p_kind in ('push_failed', 'member_system') then p_detail ->> 'error_code' end,
    case when p_kind = 'drift' then p_detail ->> 'found' end);
end
$$;
comment on function private.class_of_case is 'In: kind of a case, the decisions it offers, its detail. Out: its class, in words that are compared and not read.';
-- end db/functions/conflicts/private.class_of_case.sql

-- begin db/functions/erasure/private.close_cases_of_erased.sql
-- A login that found several members may open its case in the very moment in which one of them is erased: nothing locks a member who is only a
-- candidate. Such a case is closed within a minute; the login stays in the list of those that belong to nobody.
create or replace function private.close_cases_of_erased()
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.supersede_cases(array(
    select c.id from registry.conflicts as c
    where c.closed_at is null and c.opened_at > clock_timestamp() - interval '5 minutes' and c.kind <> 'push_failed' and exists (
      select from registry.members as m
      where m.id = any (c.candidates || array[c.member_id, c.other_member_id]) and m.erased_at is not null)),
    'worker', 'Somebody whom the case was about was erased.')
$$;
comment on function private.close_cases_of_erased is 'Closes cases that were opened about somebody who was being erased at that moment.';
-- end db/functions/erasure/private.close_cases_of_erased.sql

-- begin db/functions/figures/private.count_figures.sql
-- The figures of now, each by one pass over its table for all organisations; what coordinators have a list of, by that list.
create or replace function private.count_figures()
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into registry.figures as f (organization_id, members, with_number, confirmed_last_12_months, unlinked_logins, pending_pushes,
    failed_pushes, counted_at, counted_in)
  select g.id, coalesce(m.members, 0), coalesce(m.with_number, 0), coalesce(o.confirmed, 0), coalesce(u.unlinked, 0), coalesce(p.pending, 0),
    coalesce(s.failed, 0), clock_timestamp(), '0'
  from registry.organizations as g
  left join (
    select known.organization_id, count(*) as members, count(known.personnummer_index) as with_number
    from registry.members as known where known.merged_into is null and known.erased_at is null group by 1
  ) as m on m.organization_id = g.id
  left join (
    select seen.organization_id, count(*) as confirmed from (
      select distinct each.organization_id, each.member_id from registry.observations as each
      where each.outcome in ('filled', 'confirmed') and each.received_at > now() - interval '12 months') as seen
    group by 1
  ) as o on o.organization_id = g.id
  left join (select login.organization, count(*) as unlinked from api.unlinked_logins as login group by 1) as u on u.organization = g.slug
  left join (
    select push.organization_id, count(*) as pending from sync.pushes as push where push.settled_at is null group by 1
  ) as p on p.organization_id = g.id
  left join (
    select push.organization, count(*) as failed from api.failed_syncs as push where push.state in ('rejected', 'given_up') group by 1
  ) as s on s.organization = g.slug
  on conflict (organization_id) do update
  set members = excluded.members, with_number = excluded.with_number, confirmed_last_12_months = excluded.confirmed_last_12_months,
      unlinked_logins = excluded.unlinked_logins, pending_pushes = excluded.pending_pushes, failed_pushes = excluded.failed_pushes,
      counted_at = excluded.counted_at
$$;
comment on function private.count_figures is 'Counts registry.figures of all organisations anew.';
-- end db/functions/figures/private.count_figures.sql

-- begin db/functions/figures/private.count_months.sql
-- Whoever reads a chart lives in Norway: a login at half past midnight on the first belongs to the new month there, in Greenwich to the old one.
-- Months are counted from the rows, again and again while they may still change: the running one and the two before it (a decision can be taken
-- back for 30 days). Retention takes numbers and contact data out of rows, never a row, and older months are left as they are.
create or replace function private.count_months()
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_running constant timestamptz := date_trunc('month', now(), 'Europe/Oslo');
  v_from constant timestamptz := least(date_trunc('month', v_running - interval '32 days', 'Europe/Oslo'), coalesce(
    (select max(f.month)::timestamp at time zone 'Europe/Oslo' from registry.monthly_figures as f),
    (select date_trunc('month', min(o.received_at), 'Europe/Oslo') from registry.observations as o)));
begin
  insert into registry.monthly_figures as f (organization_id, month, members_with_number, filled, confirmed, conflict, duplicate, absent, unlinked,
    ambiguous, name_mismatch, cases_opened, cases_settled, deliveries_done, deliveries_failed, counted_at)
  select g.id, (t.month at time zone 'Europe/Oslo')::date, case when t.month = v_running then n.with_number end,
    coalesce(o.filled, 0), coalesce(o.confirmed, 0), coalesce(o.conflict, 0), coalesce(o.duplicate, 0), coalesce(o.absent, 0),
    coalesce(o.unlinked, 0), coalesce(o.ambiguous, 0), coalesce(o.name_mismatch, 0),
    coalesce(c.opened, 0), coalesce(r.settled, 0), coalesce(p.done, 0), coalesce(p.failed, 0), clock_timestamp()
  from registry.organizations as g
  cross join (
    select local.month at time zone 'Europe/Oslo' as month
    from generate_series(v_from at time zone 'Europe/Oslo', v_running at time zone 'Europe/Oslo', interval '1 month') as local(month)
  ) as t
  join registry.figures as n on n.organization_id = g.id
  left join (
    select login.organization_id, date_trunc('month', login.received_at, 'Europe/Oslo') as month,
      count(*) filter (where login.outcome = 'filled') as filled, count(*) filter (where login.outcome = 'confirmed') as confirmed,
      count(*) filter (where login.outcome = 'conflict') as conflict, count(*) filter (where login.outcome = 'duplicate') as duplicate,
      count(*) filter (where login.outcome = 'absent') as absent, count(*) filter (where login.outcome = 'unlinked') as unlinked,
      count(*) filter (where login.outcome = 'ambiguous') as ambiguous, count(*) filter (where login.outcome = 'name_mismatch') as name_mismatch
    from registry.observations as login where login.received_at >= v_from group by 1, 2
  ) as o on o.organization_id = g.id and o.month = t.month
  left join (
    select known.organization_id, date_trunc('month', known.opened_at, 'Europe/Oslo') as month, count(*) as opened
    from registry.conflicts as known where known.opened_at >= v_from group by 1, 2
  ) as c on c.organization_id = g.id and c.month = t.month
  left join (
    select decided.organization_id, date_trunc('month', decided.decided_at, 'Europe/Oslo') as month, count(*) as settled
    from registry.resolutions as decided where decided.decided_at >= v_from and decided.undone_at is null group by 1, 2
  ) as r on r.organization_id = g.id and r.month = t.month
  left join (
    select push.organization_id, date_trunc('month', push.settled_at, 'Europe/Oslo') as month,
      count(*) filter (where push.state = 'delivered') as done, count(*) filter (where push.state in ('rejected', 'given_up')) as failed
    from sync.pushes as push where push.settled_at >= v_from group by 1, 2
  ) as p on p.organization_id = g.id and p.month = t.month
  on conflict (organization_id, month) do update
  set members_with_number = coalesce(excluded.members_with_number, f.members_with_number), filled = excluded.filled,
      confirmed = excluded.confirmed, conflict = excluded.conflict, duplicate = excluded.duplicate, absent = excluded.absent,
      unlinked = excluded.unlinked, ambiguous = excluded.ambiguous, name_mismatch = excluded.name_mismatch,
      cases_opened = excluded.cases_opened, cases_settled = excluded.cases_settled, deliveries_done = excluded.deliveries_done,
      deliveries_failed = excluded.deliveries_failed, counted_at = excluded.counted_at;
end
$$;
comment on function private.count_months is 'Counts registry.monthly_figures anew: the running month, the two before it, and those that are missing in between.';
-- end db/functions/figures/private.count_months.sql

-- begin db/functions/reporting/private.persons_of.sql
-- One person once: records that a coordinator merged, and records of which one's login brought the number of the other and nobody has said yet
-- that they are two. Of those the one that holds the number stands for the person. Records alike in name and birth date are not made one.
create or replace function private.persons_of(p_organization_id uuid)
returns table (member_id uuid, person_id uuid, reason reporting.not_counted)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive up(id, root) as (
    select m.id, m.merged_into from registry.members as m
    where m.organization_id = p_organization_id and m.merged_into is not null and m.erased_at is null
    union all
    select u.id, m.merged_into from up as u join registry.members as m on m.id = u.root where m.merged_into is not null
  ), merged as (
    select u.id, u.root from up as u join registry.members as m on m.id = u.root where m.merged_into is null
  ), same(a, b) as (
    select coalesce(x.root, c.member_id), coalesce(y.root, c.other_member_id)
    from registry.conflicts as c
    left join merged as x on x.id = c.member_id
    left join merged as y on y.id = c.other_member_id
    where c.organization_id = p_organization_id and c.kind = 'duplicate' and c.closed_at is null
  ), both_ways(a, b) as (
    select s.a, s.b from same as s union select s.b, s.a from same as s
  ), reached(a, b) as (
    select w.a, w.a from both_ways as w
    union
    select r.a, w.b from reached as r join both_ways as w on w.a = r.b
  ), representative as (
    select distinct on (r.a) r.a as id, r.b as root from reached as r join registry.members as m on m.id = r.b
    where m.erased_at is null order by r.a, m.personnummer_index is null, r.b
  )
  select m.id, coalesce(n.root, g.root, m.id),
    case when m.merged_into is not null then 'merged' when n.root <> m.id then 'same_number' end::reporting.not_counted
  from registry.members as m
  left join merged as g on g.id = m.id
  left join representative as n on n.id = coalesce(g.root, m.id)
  where m.organization_id = p_organization_id and m.erased_at is null
$$;
comment on function private.persons_of is 'In: an organisation. Out: every record, the record that stands for its person, and why it is not counted itself; null: it stands for the person.';
-- end db/functions/reporting/private.persons_of.sql

-- begin db/functions/reporting/private.count_persons.sql
-- The rule of the grant, applied to every record: who counts, and why the others do not. What a person paid is what any of the records paid, or,
-- where none paid enough, all of them together; of residences the one of the day counts, and where the first import came later, the first that is
-- known. The record that stands for the person is a member where it has no dates, whatever an old record says that was merged into it.
create or replace function private.count_persons(s reporting.snapshots)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  g constant reporting.grant_rules := jsonb_populate_record(null::reporting.grant_rules, s.rule);
  v_pay_until constant date := s.counted_on + g.paid_within_days;
  v_area constant text[] := case when g.area_year is not null
    then coalesce(private.area_municipalities(s.base_year, g.area_year, g.counties, g.municipalities), '{}') end;
begin
  insert into reporting.snapshot_persons
    (snapshot_id, organization_id, nth, member_id, reason, verified, name, address, postal_code, municipality, county, place_problem, chapter,
     birth_year, paid_on, amount)
  with records as materialized (
    select p.member_id, p.person_id, p.reason,
      m.personnummer_index is not null
        and (m.personnummer_source <> 'import' or c.until = 'infinity' or c.until >= m.personnummer_at) is true as verified
    from private.persons_of(s.organization_id) as p
    join registry.members as m on m.id = p.member_id
    left join (
      select k.member_id, max(k.until) as until from private.number_confirmations as k
      where k.organization_id = s.organization_id group by k.member_id) as c on c.member_id = m.id
  ), places as materialized (
    select k.municipality, k.municipality_year, private.municipality_in_year(k.municipality, k.municipality_year, s.base_year) as codes
    from reporting.residences as k where k.organization_id = s.organization_id and k.municipality is not null
    group by k.municipality, k.municipality_year
  ), persons as (
    select r.person_id, bool_or(r.verified) as verified from records as r group by r.person_id
  ), membership as (
    select r.person_id,
      bool_or(coalesce(k.since <= s.counted_on, true) and coalesce(k.until >= s.counted_on, true) and (k.id is not null or r.reason is null))
        as is_member,
      bool_or(k.until < s.counted_on) as has_left
    from records as r left join reporting.memberships as k on k.organization_id = s.organization_id and k.member_id = r.member_id
    group by r.person_id
  ), paid as (
    select distinct on (k.person_id) k.person_id, k.paid_on, k.amount
    from (
      select r.person_id, r.member_id, d.paid_on, d.amount
      from records as r join reporting.dues as d on d.member_id = r.member_id where d.year = s.base_year and d.amount > 0
      union all -- in parts, under the old member number and under the new one
      select r.person_id, null, max(d.paid_on), sum(d.amount)::bigint
      from records as r join reporting.dues as d on d.member_id = r.member_id
      where d.year = s.base_year and d.amount > 0 and d.paid_on <= v_pay_until
      group by r.person_id having count(*) > 1
    ) as k
    order by k.person_id, (k.amount >= g.min_fee and k.paid_on <= v_pay_until) is true desc, k.member_id is null, k.paid_on, k.amount desc,
      k.member_id
  ), residence as (
    select distinct on (r.person_id) r.person_id, k.municipality, k.municipality_year, k.municipality_written, k.address, k.postal_code, k.chapter
    from records as r join reporting.residences as k on k.member_id = r.member_id
    order by r.person_id, r.reason is null desc, k.known_from <= s.counted_on desc,
      case when k.known_from <= s.counted_on then s.counted_on - k.known_from else k.known_from - s.counted_on end, k.member_id
  ), judged as (
    select r.member_id, r.reason, p.verified, m.given_name, m.family_name, m.birth_date, h.address, h.postal_code, h.chapter, d.paid_on, d.amount,
      h.municipality_written, h.municipality as known_municipality, case when cardinality(l.codes) = 1 then l.codes[1] end as municipality,
      k.is_member, k.has_left, extract(year from age(s.counted_on, m.birth_date))::integer as years
    from records as r
    join registry.members as m on m.id = r.member_id
    join persons as p on p.person_id = r.person_id
    left join membership as k on k.person_id = r.person_id
    left join paid as d on d.person_id = r.person_id
    left join residence as h on h.person_id = r.person_id
    left join places as l on l.municipality = h.municipality and l.municipality_year = h.municipality_year
  )
  select s.id, s.organization_id, row_number() over (order by j.member_id), j.member_id,
    case
      when j.reason is not null then j.reason
      when not j.is_member and j.has_left then 'left'
      when not j.is_member then 'joined_later'
      when j.amount is null then 'not_paid'
      when j.paid_on is null then 'paid_undated'
      when j.paid_on > v_pay_until then 'paid_too_late'
      when j.amount < g.min_fee then 'paid_too_little'
      when j.birth_date is null and num_nonnulls(g.min_age, g.max_age) > 0 then 'birth_date_missing'
      when j.years < g.min_age then 'too_young'
      when j.years > g.max_age then 'too_old'
      when v_area is not null and j.municipality is null then 'municipality_unknown'
      when j.municipality <> all (v_area) then 'elsewhere'
    end::reporting.not_counted,
    j.verified, nullif(concat_ws(' ', j.given_name, j.family_name), ''), j.address, j.postal_code, j.municipality, left(j.municipality, 2),
    case
      when j.municipality is not null then null
      when j.known_municipality is not null then 'not_translatable'
      when j.municipality_written is not null then 'not_recognised'
      else 'none_given'
    end::reporting.place_problem,
    j.chapter, extract(year from j.birth_date)::integer, j.paid_on, j.amount
  from judged as j;
end
$$;
comment on function private.count_persons is 'In: a new draft. Writes a row for every record of its organisation: counted, or why not.';
-- end db/functions/reporting/private.count_persons.sql

-- begin db/functions/reporting/private.digest_snapshot.sql
-- The same snapshot is the same figures, years later: this is what stands beside them to show it. Persons are no part of it, because they may go.
create or replace function private.digest_snapshot(s reporting.snapshots)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select encode(sha256(convert_to(jsonb_build_array(
    s.id, s.organization_id, s.organization_name, s.base_year, s.division, s.rule,
    s.counted_on, s.corrects, s.counting_digest, s.records, s.counted, s.verified, s.counties,
    s.municipalities, s.probable_duplicates, s.open_cases, s.meets,
    (select jsonb_agg(jsonb_build_array(f.dimension, f.key, f.name, f.counted, f.verified) order by f.dimension::text collate "C", f.key collate "C")
     from reporting.snapshot_figures as f where f.snapshot_id = s.id))::text, 'UTF8')), 'hex')
$$;
comment on function private.digest_snapshot is 'In: a snapshot. Out: SHA-256 over all that was counted, in hex.';
-- end db/functions/reporting/private.digest_snapshot.sql

-- begin db/functions/upkeep/private.drop_leftover_jobs.sql
-- A job that was queued again while it was locked loses its key and its attempts to the new one; if its worker died, it stays
-- behind for ever. graphile-worker's own way of removing jobs is used.
create or replace function private.drop_leftover_jobs()
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  select count(*) into v_count from graphile_worker.complete_jobs(array(
    select j.id from graphile_worker.jobs as j
    where j.key is null and j.locked_at is null and j.attempts >= j.max_attempts
      and j.task_identifier in ('push_personnummer', 'process_observation', 'issue_invoice') limit 1000));
  return v_count;
end
$$;
comment on function private.drop_leftover_jobs is 'Out: how many jobs that can never run again were removed.';
-- end db/functions/upkeep/private.drop_leftover_jobs.sql

-- begin db/functions/upkeep/private.due_pushes.sql
-- Pushes that are due and have no live job: dropped, used up, or never queued. Asked of both tables at once, because behind an
-- open breaker any number may be due with their jobs waiting. Files take their own (worker.claim_file).
create or replace function private.due_pushes()
returns uuid[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select p.id from sync.pushes as p
    left join graphile_worker.jobs as j
      on j.key = 'push_personnummer:' || p.id and j.attempts < j.max_attempts and j.locked_at is null
    where p.state in ('pending', 'given_up') and p.next_attempt_at < clock_timestamp() - interval '30 seconds' and j.key is null
      and not exists (select from sync.member_systems as s where s.organization_id = p.organization_id and s.kind = 'file')
    order by p.next_attempt_at limit 1000);
end
$$;
comment on function private.due_pushes is 'Out: pushes, due for half a minute, that the queue has forgotten.';
-- end db/functions/upkeep/private.due_pushes.sql

-- begin db/functions/retention/private.erase_case_numbers.sql
-- A decision about a number is remembered as long as the number may be: while a login that brought it is kept, and for imports and
-- comparisons, which leave no rows, for the same time after they brought it last. Then the case forgets it in every form, and if the
-- number comes again, it is a new case. Nothing is taken from a case that is open, or whose decision can be taken back.
create or replace function private.erase_case_numbers(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant uuid[] := array(
    select due.id from registry.organizations as g
    cross join lateral (
      select c.id from registry.conflicts as c
      where c.organization_id = g.id and c.personnummer_index is not null and c.closed_at < now() - private.undo_time() - interval '1 day'
        and (c.number_seen_at is null or c.number_seen_at < now() - coalesce(g.retention, interval '1 year'))
        and not exists (select from registry.observations as o where o.id = c.observation_id and o.personnummer_index is not null)
        and not exists (
          select from registry.observations as o
          where o.organization_id = c.organization_id and o.member_id = c.member_id
            and (o.personnummer_index || o.personnummer_index_previous) && (c.personnummer_index || c.personnummer_index_previous))
      order by c.closed_at limit p_most for update skip locked) as due
    limit p_most);
begin
  update registry.conflicts as c
  set personnummer_index = null, personnummer_index_previous = '{}', detail = c.detail - array['personnummer', 'live_masked']
  where c.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_case_numbers is 'In: how many at most. Out: how many closed cases lost every form of their number, because the organisation''s time for it is over.';
-- end db/functions/retention/private.erase_case_numbers.sql

-- begin db/functions/conflicts/private.is_evidence.sql
-- What a coordinator is judging, or may still take back a judgement of, is not erased under their hands.
create or replace function private.is_evidence(p_observation_id uuid)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from registry.conflicts as c
    where c.observation_id = p_observation_id and (c.closed_at is null or c.closed_at > now() - private.undo_time() - interval '1 day'))
$$;
comment on function private.is_evidence is 'In: an observation. Out: whether a case still needs it.';
-- end db/functions/conflicts/private.is_evidence.sql

-- begin db/functions/retention/private.erase_contacts.sql
-- Contact claims help to find the member of a login, and have served once it is settled. Organisation by organisation, so that
-- only what is due is looked at; and chosen first, then updated by id: in one statement the planner, who cannot know how many
-- "most" are, reads the whole table to join them.
create or replace function private.erase_contacts(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant uuid[] := array(
    select due.id from registry.organizations as g
    cross join lateral (
      select o.id from registry.observations as o
      where o.organization_id = g.id and o.contact_erased_at is null and o.settled_at is not null and o.received_at < now() - g.contact_retention
        and not private.is_evidence(o.id)
      order by o.received_at limit p_most for update skip locked) as due
    limit p_most);
begin
  update registry.observations as o
  set given_name = null, family_name = null, birth_date = null, phone = null, email = null, traceparent = null,
      contact_erased_at = clock_timestamp()
  where o.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_contacts is 'In: how many at most. Out: how many observations lost their contact claims, and the mark that joins them to a trace, because the organisation''s time for them is over.';
-- end db/functions/retention/private.erase_contacts.sql

-- begin db/functions/retention/private.erase_dry_runs.sql
-- A dry run that is older than a day was killed: nobody waits that long for counts. It is gone as if it had ended.
create or replace function private.erase_dry_runs(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant uuid[] := array(
    select r.id from registry.import_runs as r
    where r.dry_run and r.started_at < now() - interval '1 day'
      and not exists (select from registry.import_lines as l where l.run_id = r.id)
    limit p_most for update skip locked);
begin
  delete from registry.import_runs as r where r.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_dry_runs is 'In: how many at most. Out: how many dry runs of imports were erased that have no lines left.';
-- end db/functions/retention/private.erase_dry_runs.sql

-- begin db/functions/retention/private.erase_import_lines.sql
-- A dry run removes what it has read when it ends. One that was killed leaves indexes of numbers that may be nobody's here. One
-- statement, because ctid means the same row within one statement only.
create or replace function private.erase_import_lines(p_most integer)
returns integer
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with erased as (
    delete from registry.import_lines as l
    where l.ctid = any (array(
      select due.ctid from registry.import_runs as r join registry.import_lines as due on due.run_id = r.id
      where r.dry_run and r.started_at < now() - interval '1 day'
      limit p_most))
    returning 1
  )
  select count(*)::integer from erased
$$;
comment on function private.erase_import_lines is 'In: how many at most. Out: how many lines were erased of dry runs that are older than a day.';
-- end db/functions/retention/private.erase_import_lines.sql

-- begin db/functions/retention/private.erase_numbers.sql
-- The organisation has decided how long observed numbers are kept. The member record has its own; what is erased here is the
-- trace of each login. The outcome stays. As in private.erase_contacts.
create or replace function private.erase_numbers(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant uuid[] := array(
    select due.id from registry.organizations as g
    cross join lateral (
      select o.id from registry.observations as o
      where o.organization_id = g.id and o.personnummer_index is not null and o.settled_at is not null and o.received_at < now() - g.retention
        and not private.is_evidence(o.id)
      order by o.received_at limit p_most for update skip locked) as due
    limit p_most);
begin
  update registry.observations as o
  set personnummer_index = null, personnummer_index_previous = '{}', personnummer_sealed = null, personnummer_masked = null,
      number_erased_at = clock_timestamp()
  where o.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_numbers is 'In: how many at most. Out: how many observations lost every form of the number, because the organisation''s time for it is over.';
-- end db/functions/retention/private.erase_numbers.sql

-- begin db/functions/retention/private.erase_offers.sql
-- A number that an import brought and a coordinator has judged is needed no longer than the judgement can be taken back.
create or replace function private.erase_offers(p_most integer)
returns integer
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with erased as (
    delete from registry.offered_numbers as n
    where n.conflict_id in (
      select c.id from registry.conflicts as c join registry.offered_numbers as known on known.conflict_id = c.id
      where c.closed_at < now() - private.undo_time() - interval '1 day' limit p_most)
    returning 1
  )
  select count(*)::integer from erased
$$;
comment on function private.erase_offers is 'In: how many at most. Out: how many numbers of imports were erased.';
-- end db/functions/retention/private.erase_offers.sql

-- begin db/functions/retention/private.erase_proposals.sql
-- A login that was to be linked and whose code nobody redeemed in time may be by somebody who was talked into it. Its number and contact
-- data go with the next minute, not by night.
create or replace function private.erase_proposals(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant uuid[] := array(
    select p.observation_id from registry.link_proposals as p
    where p.proposed_at < now() - interval '1 minute'
      and coalesce(p.code_expires_at, p.proposed_at + interval '15 minutes') < now()
    order by p.proposed_at limit p_most for update skip locked);
begin
  delete from registry.link_proposals as p where p.observation_id = any (v_due);
  perform private.erase_proposed(o) from registry.observations as o where o.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_proposals is 'In: how many at most. Out: how many logins that were to be linked lost what they had brought, because nobody redeemed them.';
-- end db/functions/retention/private.erase_proposals.sql

-- begin db/functions/retention/private.erase_refresh_tokens.sql
-- Every token of a session is kept while the session lives, so that the reuse of an old one is noticed, and a month beyond its last
-- day. A session may have thousands, so they go before it, some at a time.
create or replace function private.erase_refresh_tokens(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant bytea[] := array(
    select t.token_hash from registry.sessions as s join registry.refresh_tokens as t on t.session_id = s.id
    where s.expires_at < now() - interval '31 days'
    limit p_most);
begin
  delete from registry.refresh_tokens as t where t.token_hash = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_refresh_tokens is 'In: how many at most. Out: how many tokens were erased of sessions that are to go.';
-- end db/functions/retention/private.erase_refresh_tokens.sql

-- begin db/functions/retention/private.erase_replaced_numbers.sql
-- The number that a decision replaced is kept with it for as long as the decision can be taken back, and no longer. Chosen
-- first, then updated by id, as in private.erase_contacts.
create or replace function private.erase_replaced_numbers(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant uuid[] := array(
    select r.id from registry.resolutions as r
    where coalesce(((r.before).number).sealed, ((r.before).survivor_number).sealed) is not null
      and r.decided_at < now() - private.undo_time() - interval '1 day'
    order by r.decided_at limit p_most for update skip locked);
begin
  update registry.resolutions as r
  set before.number.index = null, before.number.sealed = null, before.number.masked = null, before.survivor_number = null
  where r.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_replaced_numbers is 'In: how many at most. Out: how many decisions lost every form of the number that they replaced.';
-- end db/functions/retention/private.erase_replaced_numbers.sql

-- begin db/functions/retention/private.erase_revocations.sql
-- A message that consent was withdrawn stops numbers that were observed before it. When those are erased, it has served; what came of it is
-- with the link, the consent, the case and the audit.
create or replace function private.erase_revocations(p_most integer)
returns integer
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with erased as (
    delete from registry.revocations as r
    where r.ctid = any (array(
      select due.ctid from registry.organizations as g join registry.revocations as due on due.organization_id = g.id
      where due.received_at < now() - greatest(coalesce(g.retention, '1 year'), '31 days')
      limit p_most))
    returning 1
  )
  select count(*)::integer from erased
$$;
comment on function private.erase_revocations is 'In: how many at most. Out: how many messages of providers were erased that are older than every number that they could still stop.';
-- end db/functions/retention/private.erase_revocations.sql

-- begin db/functions/retention/private.erase_sessions.sql
-- A session goes a month after the day it ran out, or would have run out had it not ended before: by then the merge that moved it
-- cannot be taken back either. A code or token of it is then unknown, and refused as before; what happened to it is in the audit.
create or replace function private.erase_sessions(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant uuid[] := array(
    select s.id from registry.sessions as s
    where s.expires_at < now() - interval '31 days'
      and not exists (select from registry.refresh_tokens as t where t.session_id = s.id)
    order by s.expires_at limit p_most for update skip locked);
begin
  delete from registry.sessions as s where s.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_sessions is 'In: how many at most. Out: how many sessions were erased that have no tokens left.';
-- end db/functions/retention/private.erase_sessions.sql

-- begin db/functions/breakers/private.open_member_system_case.sql
-- What is wrong with a member system, or with the files for it, is one case of an organisation, however many changes wait.
create or replace function private.open_member_system_case(p_organization_id uuid, p_fingerprint text, p_detail jsonb)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
begin
  c.organization_id := p_organization_id;
  c.kind := 'member_system';
  c.fingerprint := p_fingerprint;
  c.detail := jsonb_strip_nulls(p_detail);
  perform private.open_case(c);
end
$$;
comment on function private.open_member_system_case is 'In: an organisation, what is wrong: as fingerprint, and as error_code and http_status. Opens the case, or counts it up.';
-- end db/functions/breakers/private.open_member_system_case.sql

-- begin db/functions/files_and_worklist/private.expire_files.sql
-- Files that are no longer good: one that nobody acknowledged in time (its changes go into the next one, and a coordinator is told), and one
-- that nobody has fetched and in which a number is in question.
create or replace function private.expire_files()
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  f sync.files;
  v_count integer := 0;
begin
  for f in
    update sync.files as k set state = 'expired', content = null
    where k.state = 'ready' and k.accept_until < clock_timestamp()
    returning k.*
  loop
    perform private.empty_file(f, 'not_acknowledged');
    perform private.open_member_system_case(f.organization_id, 'member_system file', '{"error_code": "not_acknowledged"}');
    perform private.record_event('file_expired', 'worker', f.organization_id,
      'Nobody acknowledged the file in time; its changes go into the next one.', p_detail => jsonb_build_object('file_id', f.id));
    v_count := v_count + 1;
  end loop;
  for f in
    select k.* from sync.files as k where k.state = 'ready' and k.fetched_at is null order by k.id for update skip locked
  loop
    if private.file_is_disputed(f) then
      perform private.withdraw_file(f.id);
      v_count := v_count + 1;
    end if;
  end loop;
  return v_count;
end
$$;
comment on function private.expire_files is 'Out: how many files expired or were taken back.';
-- end db/functions/files_and_worklist/private.expire_files.sql

-- begin db/functions/pushes/private.record_push_event.sql
-- Audit events about a push all name the same ids.
create or replace function private.record_push_event(p_event text, p_push sync.pushes, p_message text, p_conflict_id uuid default null)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.record_event(p_event, 'worker', p_push.organization_id, p_message,
    p_member_id => p_push.member_id, p_observation_id => p_push.observation_id, p_conflict_id => p_conflict_id, p_push_id => p_push.id,
    p_detail => jsonb_strip_nulls(jsonb_build_object(
      'attempt', p_push.attempts, 'error_code', p_push.error_code, 'http_status', p_push.http_status, 'worker', p_push.leased_by)))
$$;
comment on function private.record_push_event is 'In: event, push, sentence, the case it has to do with. Appends the audit event.';
-- end db/functions/pushes/private.record_push_event.sql

-- begin db/functions/files_and_worklist/private.fail_filed_push.sql
-- A change that cannot go into a file: what can never be read is a case, what lacks a key waits for the next file.
create or replace function private.fail_filed_push(p_file sync.files, p_push_id uuid, p_error_code text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
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
-- end db/functions/files_and_worklist/private.fail_filed_push.sql

-- begin db/functions/reporting/private.fail_lost_counts.sql
-- A count whose job was tried as often as it may, or is gone, is not counted any more: coordinators see that, and ask again. A worker that was killed
-- says nothing, so this is found out here and not by the job.
create or replace function private.fail_lost_counts()
returns integer
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with lost as (
    update reporting.snapshots as s
    set state = 'failed', version = s.version + 1, failed_at = clock_timestamp(),
        failure = coalesce((
          select substring(j.last_error from '^[a-z0-9_]{1,60}$') from graphile_worker.jobs as j where j.key = 'count_grant:' || s.id), 'worker_lost')
    where s.state = 'asked' and not exists (
      select from graphile_worker.jobs as j
      where j.key = 'count_grant:' || s.id and (j.attempts < j.max_attempts or j.locked_at is not null))
    returning s.id
  )
  select count(*)::integer from lost
$$;
comment on function private.fail_lost_counts is 'Out: how many counts for grants have failed for good.';
-- end db/functions/reporting/private.fail_lost_counts.sql

-- begin db/functions/erasure/private.forget_external_id.sql
-- The member system has removed the number of an erased record, or a coordinator has closed the case about it: nothing is left to tell it, so the
-- member number goes too. When that is so of all records of the person, the erasure says so.
create or replace function private.forget_external_id(p_member_id uuid)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_erasure_id constant uuid := (select m.erasure_id from registry.members as m where m.id = p_member_id and m.erased_at is not null);
begin
  perform from audit.erasures as e where e.id = v_erasure_id for update;
  update registry.members as m set external_id = null where m.id = p_member_id and m.erasure_id = v_erasure_id;
  update audit.erasures as e set removal = 'delivered', removed_at = clock_timestamp()
  where e.id = v_erasure_id and e.removal = 'queued'
    and not exists (select from registry.members as m where m.erasure_id = e.id and m.external_id is not null);
end
$$;
comment on function private.forget_external_id is 'In: a member. Takes the member number out of its record, if it is erased.';
-- end db/functions/erasure/private.forget_external_id.sql

-- begin db/functions/upkeep/private.free_lost_jobs.sql
-- Jobs locked by a worker that died before its first sign of life: nobody has it in a list, and its lock would last four hours.
create or replace function private.free_lost_jobs()
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lost constant text[] := array(
    select distinct j.locked_by from graphile_worker.jobs as j
    where j.locked_at < clock_timestamp() - interval '1 minute'
      and not exists (select from sync.workers as w where w.pool_id = j.locked_by));
begin
  if cardinality(v_lost) > 0 then
    perform graphile_worker.force_unlock_workers(v_lost);
  end if;
  return cardinality(v_lost);
end
$$;
comment on function private.free_lost_jobs is 'Out: how many unknown workers lost their locks.';
-- end db/functions/upkeep/private.free_lost_jobs.sql

-- begin db/functions/keys/private.free_members.sql
-- Whoever holds a member may take what is about that member in any order. Renewing keys can wait, logins cannot: it takes a row only where
-- every member that is concerned is free at this moment, and comes back for the others.
create or replace function private.free_members(p_member_ids uuid[])
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_wanted constant uuid[] := array(select distinct id from unnest(p_member_ids) as id where id is not null);
  v_held integer;
begin
  select count(*) into v_held
  from (select from registry.members as m where m.id = any (v_wanted) order by m.id for no key update skip locked) as held;
  return v_held = cardinality(v_wanted);
end
$$;
comment on function private.free_members is 'In: members (null among them is nobody). Out: whether all of them were free; they are locked then until the transaction ends.';
-- end db/functions/keys/private.free_members.sql

-- begin db/functions/breakers/private.hasten_pushes.sql
-- Pushes that wait only because the member system was away are tried within seconds; the pushes themselves take care of the
-- pace (concurrency and rate).
create or replace function private.hasten_pushes(p_organization_id uuid)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
  v_id uuid;
begin
  with waiting as (
    select p.id from sync.pushes as p
    where p.organization_id = p_organization_id and p.settled_at is null and p.state = 'pending' and p.accepted_until is null
      and p.next_attempt_at > clock_timestamp() and p.waits_for_conflict_id is null and private.member_system_fault(p.error_code) is not null
    order by p.next_attempt_at limit 1000
    for update skip locked
  ), hastened as (
    update sync.pushes as p set next_attempt_at = clock_timestamp() from waiting as w where p.id = w.id returning p.id
  )
  select coalesce(array_agg(h.id), '{}') into v_ids from hastened as h;
  foreach v_id in array v_ids loop
    perform private.enqueue('push_personnummer', v_id);
  end loop;
  return cardinality(v_ids);
end
$$;
comment on function private.hasten_pushes is 'In: an organisation. Out: how many waiting pushes were made due now.';
-- end db/functions/breakers/private.hasten_pushes.sql

-- begin db/functions/pushes/private.hold_or_release_pushes.sql
-- A case about numbers was opened, changed or closed: pushes of the members it names begin to wait for it, or go on (private.tg_pushes__wait
-- looks at each that is touched). One that is being sent cannot be called back; if its attempt fails, it is looked at then. This runs in
-- logins, so it touches nothing else: a file with such a push is taken back when somebody asks for it, or within a minute.
create or replace function private.hold_or_release_pushes(p_organization_id uuid, p_member_ids uuid[])
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
    select from sync.pushes as p
    where p.organization_id = p_organization_id and p.member_id = any (p_member_ids)
      and p.state in ('pending', 'given_up') and p.next_attempt_at is not null)
  then
    return; -- nearly always
  end if;
  update sync.pushes as u set next_attempt_at = u.next_attempt_at
  from (
    select p.id from sync.pushes as p
    where p.organization_id = p_organization_id and p.member_id = any (p_member_ids)
      and p.state in ('pending', 'given_up') and p.next_attempt_at is not null
    order by p.id for update) as due
  where u.id = due.id;
end
$$;
comment on function private.hold_or_release_pushes is 'In: an organisation, members. Makes their waiting pushes wait for cases in which their numbers are in question, and lets go those that no longer have to.';
-- end db/functions/pushes/private.hold_or_release_pushes.sql

-- begin db/functions/sealing/private.horizon_holder.sql
-- For an alarm that somebody can act on at once. A prepared transaction has no process; what somebody called it is not said.
create or replace function private.horizon_holder()
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when l.pid is not null then
      format('process %s of %s in database %s%s', l.pid, coalesce(a.usename, 'unknown'), coalesce(a.datname, 'unknown'), ', ' || a.state)
    when p.transaction is not null then
      format('a prepared transaction of %s in database %s, since %s', p.owner, p.database, to_char(p.prepared, 'YYYY-MM-DD HH24:MI TZ'))
    else 'a transaction that PostgreSQL does not show'
  end
  from pg_locks as l
  left join pg_stat_activity as a on a.pid = l.pid
  left join pg_prepared_xacts as p on p.transaction = l.transactionid
  where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted
    and l.transactionid = pg_snapshot_xmin(pg_current_snapshot())::xid
  limit 1
$$;
comment on function private.horizon_holder is 'Out: who has the oldest transaction that still runs, in any database of the cluster; null where none runs.';
-- end db/functions/sealing/private.horizon_holder.sql

-- begin db/functions/pushes/private.judge_claims.sql
-- Whether pushes can be begun now. Given up is not the end: such a push is tried again once a day. A pause, an open breaker, another push of
-- the member or a used-up rate is no failure, and does not count as an attempt.
create or replace function private.judge_claims(p_ids uuid[], out ready uuid[], out waiting uuid[], out reasons text[])
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := clock_timestamp();
begin
  with judged as (
    select p.id, case
      when not case p.state
        when 'sending' then p.lease_expires_at <= clock_timestamp()
        when 'pending' then p.next_attempt_at <= clock_timestamp() + interval '1 second'
        when 'given_up' then coalesce(p.next_attempt_at <= clock_timestamp() + interval '1 second', false)
        else false
      end then 'not_due'
      when stands.is_obsolete then 'obsolete'
      when p.consent_withdrawn_at is not null then 'withdrawn' -- its worker was lost while consent was withdrawn
      when s.kind = 'file' then 'in_file' -- the next file takes it (worker.claim_file)
      when stands.member_is_busy then 'member_busy'
      when exists (
        select from sync.breakers as b
        where b.organization_id = p.organization_id and b.state <> 'closed' and b.probe_push_id is distinct from p.id) then 'breaker_open'
      when s.rate_per_second is not null
        and greatest(v_now, (select r.free_at from sync.rates as r where r.organization_id = p.organization_id))
          + (p.nth - 1) * interval '1 second' / s.rate_per_second > v_now + interval '3 seconds' then 'rate_used_up'
    end as reason
    from (
      select known.*, row_number() over (partition by known.organization_id order by known.id) as nth
      from sync.pushes as known where known.id = any (p_ids)
    ) as p
    -- Looked up one by one (limit 1): joined, the view was worked out for every push there is.
    cross join lateral (select s.* from private.push_standing as s where s.id = p.id limit 1) as stands
    left join sync.member_systems as s on s.organization_id = p.organization_id
  )
  select array_agg(j.id) filter (where j.reason is null),
    array_agg(j.id) filter (where j.reason is not null), array_agg(j.reason) filter (where j.reason is not null)
  into ready, waiting, reasons
  from judged as j;
end
$$;
comment on function private.judge_claims is 'In: locked pushes. Out: those that nothing stands in the way of; the others, and beside each why: not_due, obsolete, withdrawn, in_file, member_busy, breaker_open or rate_used_up. Null: none.';
-- end db/functions/pushes/private.judge_claims.sql

-- begin db/functions/keys/private.sealing_key.sql
-- Whom a sealed value was sealed for stands in its header, for everybody to read (RFC 7516, section 7.1).
create or replace function private.sealing_key(p_sealed text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select convert_from(decode(rpad(h.text, (length(h.text) + 3) / 4 * 4, '='), 'base64'), 'utf8')::jsonb ->> 'kid'
  from (select translate(split_part(p_sealed, '.', 1), '-_', '+/') as text) as h
$$;
comment on function private.sealing_key is 'In: a compact JWE. Out: the id (kid) of the key it was sealed for.';
-- end db/functions/keys/private.sealing_key.sql

-- begin db/functions/keys/private.keys_in_use.sql
-- When may an old key go? When nothing is left that it made. Every place that holds an index or a sealed value is counted here; test/db/
-- keys-in-use.test.ts looks for others in the catalog. A row that knows its number under a newer key too does not need the older one.
create or replace function private.keys_in_use()
returns table (kind text, key text, place text, rows bigint)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with held(place, index, sealed) as (
    select 'registry.members', m.personnummer_index, m.personnummer_sealed from registry.members as m
    union all select 'registry.observations', o.personnummer_index, o.personnummer_sealed from registry.observations as o
    union all select 'registry.conflicts', c.personnummer_index, null from registry.conflicts as c
    union all select 'registry.resolutions', number.index, number.sealed from registry.resolutions as r
      cross join lateral unnest(array[(r.before).number, (r.before).survivor_number]) as number
    union all select 'registry.offered_numbers', n.personnummer_index, n.personnummer_sealed from registry.offered_numbers as n
    union all select 'registry.waiting_numbers', w.personnummer_index, w.personnummer_sealed from registry.waiting_numbers as w
    union all select 'registry.import_lines', l.personnummer_index, null from registry.import_lines as l
    union all select 'sync.pushes', p.personnummer_index, p.receiver_sealed from sync.pushes as p
    union all select 'sync.files', null, f.content from sync.files as f
  )
  select 'index', split_part(h.index, '.', 1), h.place, count(*) from held as h where h.index is not null group by 2, 3
  union all
  select 'sealed', s.kid, s.place, count(*)
  from (select private.sealing_key(h.sealed) as kid, h.place from held as h where h.sealed is not null) as s group by 2, 3
  order by 1, 2, 3
$$;
comment on function private.keys_in_use is 'Out: of each key (kind index: version of the index secret; kind sealed: kid of the sealing key, or of the organisation''s own receiver_key) how many rows of which table need it. Reads whole tables.';
-- end db/functions/keys/private.keys_in_use.sql

-- begin db/functions/keys/private.key_is_needed.sql
-- May a key go? Of a push that is settled for good the index only tells what was sent, so it keeps no key.
create or replace function private.key_is_needed(p_kind text, p_key text)
returns table (place text, rows bigint)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select u.place, u.rows from private.keys_in_use() as u where u.kind = p_kind and u.key = p_key and u.place <> 'sync.pushes'
  union all
  select 'sync.pushes', count(*) from sync.pushes as p
  where p_kind = 'index' and split_part(p.personnummer_index, '.', 1) = p_key and (p.settled_at is null or p.next_attempt_at is not null)
  having count(*) > 0
  order by 1
$$;
comment on function private.key_is_needed is 'In: index or sealed, a version or kid. Out: where rows still need that key; nothing: it may go. Reads whole tables.';
-- end db/functions/keys/private.key_is_needed.sql

-- begin db/functions/pushes/private.lock_plain_deliveries.sql
-- Those of some reported deliveries after which nothing is to be put right: no failures to forget, no older value that was overtaken, no
-- breaker to close. They leave nothing waiting, so their members need no lock. One that somebody else has locked is left out.
-- What is asked here is the opposite of what private.record_result, settle_push and resend_if_overtaken look for: change them together.
create or replace function private.lock_plain_deliveries(
  p_reports sync.push_report[], out ids uuid[], out organization_ids uuid[], out slots smallint[], out http_statuses integer[],
  out next_worker_ids text[]
)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  select array_agg(l.id), array_agg(l.organization_id), array_agg(l.slot), array_agg(l.http_status), array_agg(l.next_worker_id)
  into ids, organization_ids, slots, http_statuses, next_worker_ids
  from (
    select p.id, p.organization_id, p.slot, r.http_status, r.next_worker_id
    from unnest(p_reports) as r join sync.pushes as p on p.id = r.push_id
    where r.result = 'delivered' and p.state = 'sending' and p.fencing_token = r.fencing_token and p.leased_by = r.worker_id
      and not exists (
        select from sync.breakers as b
        where b.organization_id = p.organization_id and (b.state <> 'closed' or b.failures > 0))
      and not exists (
        select from sync.pushes as other
        where other.organization_id = p.organization_id and other.member_id = p.member_id and other.id <> p.id
          and ((other.state = 'given_up' and other.next_attempt_at is not null)
            or (other.created_at >= p.created_at and other.state in ('sending', 'delivered')
              and other.personnummer_index is distinct from p.personnummer_index)))
      and not exists (
        select from registry.conflicts as c
        where c.organization_id = p.organization_id and c.member_id = p.member_id and c.kind = 'push_failed' and c.closed_at is null)
    order by p.id
    for update of p skip locked
  ) as l;
end
$$;
comment on function private.lock_plain_deliveries is 'In: reports. Out: the pushes that were delivered, are still held and leave nothing to put right, locked, and beside each its organisation, its slot, its HTTP status and the name under which to claim the next one; null: none.';
-- end db/functions/pushes/private.lock_plain_deliveries.sql

-- begin db/functions/pushes/private.lock_pushes.sql
-- Those of some pushes that nobody else is busy with. A coordinator's retry of one change keeps no others from being sent; a worker asks for
-- what was left out on its own, and then waits for it.
create or replace function private.lock_pushes(p_ids uuid[], p_wait boolean)
returns uuid[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_wait then
    return array(select p.id from sync.pushes as p where p.id = any (p_ids) order by p.id for update);
  end if;
  return array(select p.id from sync.pushes as p where p.id = any (p_ids) order by p.id for update skip locked);
end
$$;
comment on function private.lock_pushes is 'In: pushes, whether to wait for what others have locked. Out: those that are locked now.';
-- end db/functions/pushes/private.lock_pushes.sql

-- begin db/functions/pushes/private.lock_reported_pushes.sql
-- The member is locked before the push, as by whoever queues the next one: else a push that goes back to waiting could meet a new one
-- that waits already.
create or replace function private.lock_reported_pushes(p_ids uuid[], p_wait boolean)
returns uuid[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_member_ids constant uuid[] := array(select p.member_id from sync.pushes as p where p.id = any (p_ids));
  v_locked uuid[];
begin
  if p_wait then
    perform from registry.members as m where m.id = any (v_member_ids) order by m.id for no key update;
    return private.lock_pushes(p_ids, true);
  end if;
  v_locked := array(select m.id from registry.members as m where m.id = any (v_member_ids) order by m.id for no key update skip locked);
  return private.lock_pushes(array(select p.id from sync.pushes as p where p.id = any (p_ids) and p.member_id = any (v_locked)), false);
end
$$;
comment on function private.lock_reported_pushes is 'In: pushes, whether to wait for what others have locked. Out: those that are locked now, after their members.';
-- end db/functions/pushes/private.lock_reported_pushes.sql

-- begin db/functions/reporting/private.mark_duplicates.sql
-- Counted persons of one name and one birth date are probably one, unless each has a verified number: those are two. They are listed and
-- stay counted.
create or replace function private.mark_duplicates(p_snapshot_id uuid)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with alike as (
    select array_agg(p.nth) as rows, min(p.nth) as first
    from reporting.snapshot_persons as p join registry.members as m on m.id = p.member_id
    where p.snapshot_id = p_snapshot_id and p.reason is null and m.birth_date is not null and p.name is not null
    group by private.lower_letters(normalize(p.name, NFD)), m.birth_date
    having count(*) > 1 and not bool_and(p.verified)
  )
  update reporting.snapshot_persons as p set probable_group = a.nth
  from (select unnest(alike.rows) as row, row_number() over (order by alike.first) as nth from alike) as a
  where p.snapshot_id = p_snapshot_id and p.nth = a.row
$$;
comment on function private.mark_duplicates is 'In: a draft whose persons are written. Gives persons who are probably one the same group.';
-- end db/functions/reporting/private.mark_duplicates.sql

-- begin db/functions/reporting/private.sum_snapshot.sql
-- Figures from the persons, once: what is read, compared and frozen are these rows, so that persons may be erased.
create or replace function private.sum_snapshot(p_snapshot_id uuid)
returns reporting.snapshots
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
  g reporting.grant_rules;
begin
  insert into reporting.snapshot_figures (snapshot_id, organization_id, dimension, key, name, counted, verified)
  select p.snapshot_id, p.organization_id, d.dimension, d.key,
    case when d.dimension in ('county', 'municipality') then private.place_name(d.key, t.base_year) end, count(*), count(*) filter (where p.verified)
  from reporting.snapshot_persons as p join reporting.snapshots as t on t.id = p.snapshot_id
  cross join lateral (values
    ('county'::reporting.dimension, coalesce(p.county, ''), p.reason is null),
    ('municipality', coalesce(p.municipality, ''), p.reason is null),
    ('birth_year', coalesce(p.birth_year::text, ''), p.reason is null),
    ('chapter', coalesce(p.chapter, ''), p.reason is null),
    ('place_problem', p.place_problem::text, p.reason is null and p.place_problem is not null),
    ('reason', p.reason::text, p.reason is not null)) as d(dimension, key, belongs)
  where p.snapshot_id = p_snapshot_id and d.belongs
  group by p.snapshot_id, p.organization_id, t.base_year, d.dimension, d.key;

  update reporting.snapshots as known
  set records = t.records, counted = t.counted, verified = t.verified, probable_duplicates = t.alike, counties = t.counties,
      municipalities = t.municipalities,
      open_cases = coalesce((
        select jsonb_object_agg(c.kind, c.n) from (
          select o.kind, count(*) as n from registry.conflicts as o
          where o.organization_id = known.organization_id and o.closed_at is null group by o.kind) as c), '{}')
  from (
    select count(*) as records, count(*) filter (where p.reason is null) as counted,
      count(*) filter (where p.reason is null and p.verified) as verified, count(p.probable_group) as alike,
      count(distinct p.county) filter (where p.reason is null) as counties,
      count(distinct p.municipality) filter (where p.reason is null) as municipalities
    from reporting.snapshot_persons as p where p.snapshot_id = p_snapshot_id
  ) as t
  where known.id = p_snapshot_id returning known.* into s;
  g := jsonb_populate_record(null::reporting.grant_rules, s.rule);
  s.meets := (
    select case when g.one_suffices then bool_or(r.has >= r.wants) else bool_and(r.has >= r.wants) end
    from (values (s.counted, g.required_members), (s.municipalities, g.required_municipalities), (s.counties, g.required_counties)) as r(has, wants)
    where r.wants is not null);
  s.digest := private.digest_snapshot(s);
  update reporting.snapshots as known set meets = s.meets, digest = s.digest, state = 'draft' where known.id = s.id
  returning known.* into s;
  return s;
end
$$;
comment on function private.sum_snapshot is 'In: a draft whose persons are written. Out: the draft with its figures and their digest.';
-- end db/functions/reporting/private.sum_snapshot.sql

-- begin db/functions/reporting/private.make_snapshot.sql
-- Counts, in one transaction. A draft of the same year and rule gives way to the new one, and so does a count that somebody asked for.
create or replace function private.make_snapshot(p_asked reporting.snapshots, p_source text)
returns reporting.snapshots
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
begin
  delete from reporting.snapshots as known
  where known.organization_id = p_asked.organization_id and known.base_year = p_asked.base_year and known.rule_code = p_asked.rule_code
    and known.state <> 'frozen' and known.id <> p_asked.id;
  update reporting.snapshots as known
  set made_at = clock_timestamp(),
      imported_at = (
        select max(r.ended_at) from registry.import_runs as r
        where r.organization_id = known.organization_id and r.state = 'finished' and not r.dry_run),
      counting_digest = encode(sha256(convert_to((
        select string_agg(p.prosrc, ' ' order by p.proname) from pg_proc as p
        where p.pronamespace = 'private'::regnamespace and p.proname in (
          'count_persons', 'persons_of', 'municipality_in_year', 'area_municipalities', 'number_is_verified', 'mark_duplicates')), 'UTF8')), 'hex')
  where known.id = p_asked.id returning known.* into strict s;
  perform private.count_persons(s);
  perform private.mark_duplicates(s.id);
  s := private.sum_snapshot(s.id);
  perform private.record_event('grant_counted', p_source, s.organization_id,
    format('Members were counted for a grant: %s of %s records, base year %s.', s.counted, s.records, s.base_year),
    p_detail => jsonb_build_object('snapshot_id', s.id, 'rule', s.rule_code, 'digest', s.digest));
  return s;
end
$$;
comment on function private.make_snapshot is 'In: a count that was asked for (private.ask_snapshot), audit source; counting is locked (private.lock_counting). Out: the draft.';
-- end db/functions/reporting/private.make_snapshot.sql

-- begin db/functions/breakers/private.record_breaker_event.sql
-- Transitions of a breaker are audited; they concern an organisation, not a member.
create or replace function private.record_breaker_event(p_event text, p_breaker sync.breakers, p_message text)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.record_event(p_event, 'worker', p_breaker.organization_id, p_message,
    p_push_id => p_breaker.probe_push_id,
    p_detail => jsonb_strip_nulls(jsonb_build_object('error_code', p_breaker.error_code, 'http_status', p_breaker.http_status,
      'openings', p_breaker.openings, 'next_probe_at', p_breaker.probe_at)))
$$;
comment on function private.record_breaker_event is 'In: event, breaker, sentence. Appends the audit event.';
-- end db/functions/breakers/private.record_breaker_event.sql

-- begin db/functions/breakers/private.open_breaker.sql
-- Nothing more is sent until a probe gets through. Refused credentials are a case at once: only a person can renew them.
create or replace function private.open_breaker(p_breaker sync.breakers, p_push sync.pushes, p_retry_after integer)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  b sync.breakers;
begin
  update sync.breakers
  set state = 'open', openings = openings + 1, error_code = p_push.error_code, http_status = p_push.http_status,
      opened_at = coalesce(opened_at, clock_timestamp()),
      probe_at = clock_timestamp() + private.breaker_pause(p_breaker.openings, p_retry_after), probe_push_id = null,
      changed_at = clock_timestamp()
  where organization_id = p_breaker.organization_id
  returning * into b;
  perform private.record_breaker_event('breaker_opened', b, format('Nothing is sent to the member system for now (%s).', b.error_code));
  if private.member_system_fault(b.error_code) = 'at_once' then
    perform private.open_member_system_case(b.organization_id, 'member_system',
      jsonb_build_object('error_code', b.error_code, 'http_status', b.http_status));
  end if;
end
$$;
comment on function private.open_breaker is 'In: a locked breaker, the push whose failure opened it, Retry-After in seconds or null.';
-- end db/functions/breakers/private.open_breaker.sql

-- begin db/functions/drift/private.open_drift_case.sql
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
-- end db/functions/drift/private.open_drift_case.sql

-- begin db/functions/sealing/private.peaks.sql
-- The complete subtrees that a tree consists of: one for each bit of its size, the largest first. With them it grows, whatever is before.
create or replace function private.peaks(p_size bigint)
returns bytea[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  -- What is left of a peak is counted in peaks of its size.
  select coalesce(array_agg(private.subtree_hash(b.level, (p_size >> (b.level + 1)) << 1) order by b.level desc), '{}')
  from generate_series(0, 52) as b(level)
  where (p_size >> b.level) & 1 = 1
$$;
comment on function private.peaks is 'In: a number of leaves. Out: the hashes of the complete subtrees they consist of, from left to right.';
-- end db/functions/sealing/private.peaks.sql

-- begin db/functions/pushes/private.put_off_claim.sql
-- A push that was asked for and is not begun. What has nothing left to carry is settled. Whatever goes on waiting gets a job, because the
-- one that brought the worker here is used up; its row is left as it is.
create or replace function private.put_off_claim(p_push_id uuid, p_reason text)
returns sync.push_claim
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes;
  v_answer sync.push_claim;
begin
  select known.* into strict p from sync.pushes as known where known.id = p_push_id;
  v_answer.push_id := p.id;
  case
    when p_reason = 'not_due' then
      -- Somebody ran the job by hand, for instance. One that waits for a case gets its job when it goes on.
      if p.state in ('pending', 'given_up') and p.next_attempt_at is not null and p.waits_for_conflict_id is null then
        perform private.enqueue('push_personnummer', p.id, p.next_attempt_at);
      end if;
    when p_reason = 'obsolete' then
      perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
    when p_reason = 'withdrawn' then
      perform private.cancel_push(p);
    when p_reason <> 'in_file' then
      v_answer.organization_id := p.organization_id;
      v_answer.waits_for := p_reason;
      v_answer.wait_ms := case when p_reason in ('member_busy', 'breaker_open') then 1000 else 250 end;
      -- Where a slot will be free in a moment the job stays available: the queue looks at jobs with a later time only now and then.
      -- The job of one behind an open breaker may become due: workers do not fetch it.
      perform private.enqueue('push_personnummer', p.id,
        case when p_reason <> 'no_slot' then clock_timestamp() + v_answer.wait_ms * interval '1 millisecond' end);
    else
      null;
  end case;
  return v_answer;
end
$$;
comment on function private.put_off_claim is 'In: a locked push, why it is not begun (private.judge_claims, or no_slot). Out: the answer to the worker, with waits_for and wait_ms if it is to look again.';
-- end db/functions/pushes/private.put_off_claim.sql

-- begin db/functions/audit/private.record_repetitions.sql
-- An hour is over: what was counted in it is said, once for each kind, in the name of who did it where that was one.
create or replace function private.record_repetitions()
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_said integer;
begin
  with over as (
    delete from registry.repeated_events as r
    where (r.kind, r.hour) in (
      select due.kind, due.hour from registry.repeated_events as due
      where due.hour < date_trunc('hour', clock_timestamp()) limit 1000 for update skip locked)
    returning r.*
  ), said as (
    select private.record_event(o.event, o.source, o.organization_id,
      o.message || format(' The same happened %s more times within the hour.', o.times - 5),
      p_member_id => o.member_id, p_conflict_id => o.conflict_id, p_push_id => o.push_id,
      p_detail => o.detail || jsonb_build_object('repeated', o.times - 5, 'hour', o.hour), p_actor => o.actor)
    from over as o where o.times > 5
  )
  select count(*)::integer into v_said from said;
  return v_said;
end
$$;
comment on function private.record_repetitions is 'Out: how many counts of hours that are over became events.';
-- end db/functions/audit/private.record_repetitions.sql

-- begin db/functions/pushes/private.refuses_this_member.sql
-- "Forbidden" usually speaks of our credentials, "moved for good" of the address. Where others' changes have been taken since this one
-- was answered so the last time, and that for the third time, it speaks of this member, and waiting would stop everybody for ever.
create or replace function private.refuses_this_member(p_push sync.pushes)
returns boolean
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select p_push.error_code in ('http_403', 'redirect_refused') and (
    select count(*) >= 2 from sync.push_attempts as a
    where a.push_id = p_push.id and a.error_code = p_push.error_code and a.attempt < p_push.attempts
      and exists (
        select from sync.pushes as other
        where other.organization_id = p_push.organization_id and other.state = 'delivered' and other.settled_at > a.finished_at))
$$;
comment on function private.refuses_this_member is 'In: a push (with code and status). Out: whether a refusal of all of us (403, 301, 308) means this member.';
-- end db/functions/pushes/private.refuses_this_member.sql

-- begin db/functions/pushes/private.resend_if_overtaken.sql
-- A worker that was paused beyond its lease reports on a push that others have overtaken. If its request arrived after a newer
-- value of the same member did, the member system holds an old value now: the present one is sent again.
-- private.lock_plain_deliveries asks the same the other way round.
create or replace function private.resend_if_overtaken(p_push sync.pushes)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_newer sync.pushes;
begin
  select newer.* into v_newer from sync.pushes as newer
  where newer.organization_id = p_push.organization_id and newer.member_id = p_push.member_id and newer.id <> p_push.id
    and newer.created_at >= p_push.created_at and newer.state in ('sending', 'delivered')
    and newer.personnummer_index is distinct from p_push.personnummer_index
  order by newer.created_at desc limit 1;
  if found then
    perform private.queue_push(p_push.member_id, v_newer.observation_id, v_newer.decided);
  end if;
end
$$;
comment on function private.resend_if_overtaken is 'In: a push whose report may come too late. Queues the member''s present value again if an older one may have overwritten it, as what the same login caused, so that a later withdrawal of consent stops it too.';
-- end db/functions/pushes/private.resend_if_overtaken.sql

-- begin db/functions/breakers/private.tell_breaker.sql
-- What an attempt says of the member system as a whole. A change that it takes or refuses shows that it works: it read it and answered.
-- Then a breaker that was open closes, its case is obsolete, and what failed before need not wait for pauses that were meant for a dead
-- system. A failure that speaks of the member system is counted: five in a row open the breaker; refused credentials do so at once, and so
-- does a probe that fails.
create or replace function private.tell_breaker(p_push sync.pushes, p_result sync.attempt_result, p_retry_after integer)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  b sync.breakers;
  v_fault constant text := case when p_result = 'retry' and p_push.state <> 'rejected' then private.member_system_fault(p_push.error_code) end;
begin
  if p_result in ('delivered', 'accepted') or (p_result = 'rejected' and p_push.http_status between 400 and 499) then
    select k.* into b from sync.breakers as k
    where k.organization_id = p_push.organization_id and (k.state <> 'closed' or k.failures > 0) for update;
    if b.organization_id is null then
      return; -- nearly always
    end if;
    update sync.breakers
    set state = 'closed', failures = 0, openings = 0, error_code = null, http_status = null, opened_at = null, probe_at = null,
        probe_push_id = null, changed_at = case when b.state = 'closed' then changed_at else clock_timestamp() end
    where organization_id = p_push.organization_id;
    if b.state <> 'closed' then
      perform private.record_breaker_event('breaker_closed', b, 'The member system answers again; what waited is sent.');
      perform private.close_member_system_case(p_push.organization_id);
      perform private.hasten_pushes(p_push.organization_id);
    end if;
  elsif v_fault is not null then
    insert into sync.breakers (organization_id) values (p_push.organization_id) on conflict do nothing;
    update sync.breakers set failures = failures + 1 where organization_id = p_push.organization_id returning * into b;
    if (b.state = 'closed' and (v_fault = 'at_once' or b.failures >= 5)) or (b.state = 'half_open' and b.probe_push_id = p_push.id) then
      perform private.open_breaker(b, p_push, p_retry_after);
    end if;
  end if;
end
$$;
comment on function private.tell_breaker is 'In: a push in its new state (with code and status), result of the attempt, Retry-After in seconds or null.';
-- end db/functions/breakers/private.tell_breaker.sql

-- begin db/functions/pushes/private.wait_again.sql
-- The push goes back to waiting: after a failure that passes, for its next attempt; or, taken in by the member system or put on the
-- worklist, for the word that it was carried out. Nobody is asked for that word too often: after ten seconds at first, then in tenths of the
-- time that has passed, at most every fifteen minutes. If its number is in question by now it waits for the case instead
-- (private.tg_pushes__wait): then it has no job, and was not taken in by anybody.
create or replace function private.wait_again(p_push sync.pushes, p_report sync.push_report)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes := p_push;
  v_is_accepted constant boolean := p_report.result = 'accepted';
  v_within interval;
begin
  p.state := 'pending';
  if not v_is_accepted then
    p.next_attempt_at := clock_timestamp() + private.retry_pause(p.attempts, p_report.retry_after);
    -- The member system no longer knows where to ask: the change is sent again, under the same key.
    if p.error_code = 'status_lost' then
      p.status_url := null;
    end if;
  else
    select s.accept_within into v_within from sync.member_systems as s where s.organization_id = p.organization_id;
    p.status_url := p_report.status_url;
    p.receiver_sealed := p_report.receiver_sealed;
    if p.status_url is null or p.accepted_until is null then
      p.accepted_until := clock_timestamp() + v_within;
    end if;
    p.next_attempt_at := case
      when p.status_url is null then p.accepted_until
      when p_report.retry_after is not null then clock_timestamp() + private.retry_pause(1, p_report.retry_after)
      else clock_timestamp() + least(greatest((v_within - (p.accepted_until - clock_timestamp())) / 10, interval '10 seconds'), interval '15 minutes')
    end;
  end if;
  update sync.pushes as u
  set state = p.state, lease_expires_at = null, slot = null, error_code = p.error_code, http_status = p.http_status,
      next_attempt_at = p.next_attempt_at, accepted_until = p.accepted_until, status_url = p.status_url, receiver_sealed = p.receiver_sealed
  where u.id = p.id
  returning u.waits_for_conflict_id into p.waits_for_conflict_id;
  if p.waits_for_conflict_id is null then
    perform private.enqueue('push_personnummer', p.id, p.next_attempt_at);
  end if;
  if not v_is_accepted then
    perform private.record_push_event('push_attempt_failed', p, format('Attempt %s to deliver failed (%s); it will be tried again.',
      p.attempts, p.error_code));
  elsif p_push.accepted_until is null and p.waits_for_conflict_id is null then
    perform private.record_push_event('push_accepted', p, case when p.status_url is null
      then 'The change is on the worklist: a person carries it out in the member system.'
      else 'The member system took the change in and will carry it out later.' end);
  end if;
end
$$;
comment on function private.wait_again is 'In: a locked push (with the code and status to keep), the report on its attempt: retry or accepted. Makes it wait, with a job for when it is due.';
-- end db/functions/pushes/private.wait_again.sql

-- begin db/functions/pushes/private.record_result.sql
-- What follows from one report. A report with an old fencing token changes nothing, and neither does one of another worker than the one
-- that holds the push: a crash of the server may take a claim back, and its token is given again. A delivery is always kept, because it is true.
-- 25 are the attempts of a push; those of its job in the queue (private.enqueue) begin anew with each job.
create or replace function private.record_result(p_report sync.push_report)
returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  r constant sync.push_report := p_report;
  p sync.pushes;
begin
  select known.* into strict p from sync.pushes as known where known.id = r.push_id;
  if p.state <> 'sending' or p.fencing_token <> r.fencing_token or p.leased_by is distinct from r.worker_id then
    perform private.resend_if_overtaken(p);
    return null;
  end if;
  insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, http_status, error_code, duration_ms)
  values (p.id, p.organization_id, p.attempts, p.leased_by, r.result, r.http_status, r.error_code, r.duration_ms);
  p.http_status := r.http_status;
  p.error_code := r.error_code;
  case
    when r.result = 'delivered' then
      perform private.settle_push(p, 'delivered', 'push_delivered', 'The personnummer was delivered to the member system.');
      perform private.resend_if_overtaken(p);
    when private.push_is_obsolete(p.id) then
      perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
    when p.consent_withdrawn_at is not null then
      perform private.cancel_push(p);
    when r.result = 'accepted' then
      perform private.wait_again(p, r);
    when r.result = 'rejected' or private.refuses_this_member(p) then
      perform private.fail_push(p, 'rejected', 'push_rejected', 'The member system refused the change for good; a case was opened.');
    when r.final or (p.attempts >= 25 and p.created_at < clock_timestamp() - interval '3 days') then
      perform private.fail_push(p, 'given_up', 'push_given_up', 'The change could not be delivered in all attempts; a case was opened.');
    else
      perform private.wait_again(p, r);
  end case;
  select known.state into p.state from sync.pushes as known where known.id = p.id;
  perform private.tell_breaker(p, r.result, r.retry_after);
  return p.state::text;
end
$$;
comment on function private.record_result is 'In: a report on a locked push. Out: its new state; null when the report is stale.';
-- end db/functions/pushes/private.record_result.sql

-- begin db/functions/retention/private.redact_events.sql
-- The organisation has decided how long the sentences and details of its audit are kept. That something happened, when, to whom and by whom
-- stays, and so do the seals. What the audit says about itself is kept whole: by that it is verified. Where a night has left off the
-- next one goes on: an event comes to its table long before its time is over.
create or replace function private.redact_events(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  g registry.organizations;
  v_until timestamptz;
  v_due bigint[];
  v_most integer := 0;
begin
  for g in
    select known.* from registry.organizations as known where known.audit_retention is not null order by known.id for update skip locked
  loop
    v_until := now() - g.audit_retention;
    v_due := array(
      select e.id from audit.events as e
      where e.organization_id = g.id and e.occurred_at >= coalesce(g.audit_redacted_until, '-infinity') and e.occurred_at < v_until
        and e.redacted_at is null and not audit.stays_whole(e.event)
      order by e.occurred_at, e.id limit p_most);
    perform audit.redact_events(v_due, 'retention') where v_due <> '{}';
    if cardinality(v_due) < p_most then
      update registry.organizations as known set audit_redacted_until = v_until where known.id = g.id;
    end if;
    v_most := greatest(v_most, cardinality(v_due));
  end loop;
  return v_most;
end
$$;
comment on function private.redact_events is 'In: how many at most, of each organisation. Out: how many events were redacted of the one with the most, because its time for them is over.';
-- end db/functions/retention/private.redact_events.sql

-- begin db/functions/keys/private.renew_case_numbers.sql
-- A case knows its number by its index alone. What brought the number is renewed with its sealed form, and takes the case along; the older
-- index stays beside the new one, as where the same disagreement is seen again.
create or replace function private.renew_case_numbers(p_conflict_ids uuid[], p_old_index text, p_index text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update registry.conflicts as c
  set personnummer_index = p_index,
      personnummer_index_previous = p_old_index || array_remove(array_remove(c.personnummer_index_previous, p_index), p_old_index)
  where c.id = any (p_conflict_ids) and c.personnummer_index = p_old_index;
end
$$;
comment on function private.renew_case_numbers is 'In: cases, an index, and the same number''s index under the current key. Renews it where a case has it.';
-- end db/functions/keys/private.renew_case_numbers.sql

-- begin db/functions/breakers/private.report_long_outages.sql
-- A member system that is away for a day is a case: nobody may have to find out from a graph that changes wait.
create or replace function private.report_long_outages()
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  b sync.breakers;
  v_count integer := 0;
begin
  for b in
    select k.* from sync.breakers as k
    where k.state <> 'closed' and k.opened_at < clock_timestamp() - interval '1 day'
      and not exists (select from registry.conflicts as c
                      where c.organization_id = k.organization_id and c.fingerprint = 'member_system' and c.opened_at > k.opened_at)
  loop
    perform private.open_member_system_case(b.organization_id, 'member_system',
      jsonb_build_object('error_code', b.error_code, 'http_status', b.http_status));
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;
comment on function private.report_long_outages is 'Out: how many cases about member systems were opened.';
-- end db/functions/breakers/private.report_long_outages.sql

-- begin db/functions/upkeep/private.requeue.sql
-- Queues those of some pushes that have no live job. A job that is locked is running, or its worker died: by the time anybody
-- asks, the lease has run out.
create or replace function private.requeue(p_task private.task, p_ids uuid[])
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid;
  v_count integer := 0;
begin
  for v_id in
    select t.id from unnest(p_ids) as t(id)
    where not exists (
      select from graphile_worker.jobs as j
      where j.key = p_task || ':' || t.id and j.attempts < j.max_attempts and j.locked_at is null)
  loop
    perform private.enqueue(p_task, v_id);
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;
comment on function private.requeue is 'In: task, ids. Out: how many had no live job and were queued.';
-- end db/functions/upkeep/private.requeue.sql

-- begin db/functions/breakers/private.send_probes.sql
-- An open breaker lets one push through when its pause is over: the one that is due longest. Its job carries no flag, so that
-- workers fetch it. Where nothing waits there is nothing to find out. A probe that was dropped, because its record changed, or
-- that does not report within a minute is followed by another.
create or replace function private.send_probes()
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  b sync.breakers;
  v_push_id uuid;
  v_count integer := 0;
begin
  for b in
    select k.* from sync.breakers as k
    where k.state <> 'closed' and (k.probe_at <= clock_timestamp()
      or exists (select from sync.pushes as p where p.id = k.probe_push_id and p.settled_at is not null))
    for update skip locked
  loop
    select p.id into v_push_id from sync.pushes as p
    where p.organization_id = b.organization_id and p.state in ('pending', 'given_up') and p.next_attempt_at < 'infinity'
    order by p.next_attempt_at limit 1 for update skip locked;
    if v_push_id is not null then
      update sync.pushes set next_attempt_at = clock_timestamp() where id = v_push_id;
      update sync.breakers
      set state = 'half_open', probe_push_id = v_push_id, probe_at = clock_timestamp() + interval '1 minute', changed_at = clock_timestamp()
      where organization_id = b.organization_id
      returning * into b;
      perform private.enqueue('push_personnummer', v_push_id);
      perform private.record_breaker_event('breaker_probing', b, 'One change is sent to find out whether the member system works again.');
      v_count := v_count + 1;
    end if;
  end loop;
  return v_count;
end
$$;
comment on function private.send_probes is 'Out: how many breakers let a push through.';
-- end db/functions/breakers/private.send_probes.sql

-- begin db/functions/pushes/private.take_slots.sql
-- Slots at the member systems: at most `concurrency` pushes of an organisation are sent at a time, over all workers. A slot is
-- free when no push with a live lease holds it. Two claims that look at the same slot at once are told apart by a lock that neither
-- waits for, and that ends with the claim's transaction.
create or replace function private.take_slots(p_ids uuid[], out ids uuid[], out slots smallint[])
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with wanted as materialized (
    select p.id, p.organization_id, row_number() over (partition by p.organization_id order by p.id) as nth
    from sync.pushes as p where p.id = any (p_ids)
  ), taken as materialized (
    select o.organization_id, free.slot, row_number() over (partition by o.organization_id) as nth
    from (
      select w.organization_id, count(*) as most, coalesce(min(s.concurrency), 4) as concurrency
      from wanted as w left join sync.member_systems as s on s.organization_id = w.organization_id
      group by w.organization_id
    ) as o
    cross join lateral (
      select unused.slot from (
        select n as slot from generate_series(1, o.concurrency) as n
        where not exists (
          select from sync.pushes as p
          where p.organization_id = o.organization_id and p.slot = n and p.state = 'sending' and p.lease_expires_at > clock_timestamp())
        order by random() offset 0 -- Else PostgreSQL tries the lock of every free slot before it sorts them, and nobody else finds one.
      ) as unused
      where pg_try_advisory_xact_lock(hashtextextended(o.organization_id || ' slot ' || unused.slot, 0))
      limit o.most
    ) as free
  )
  select array_agg(w.id), array_agg(t.slot) into ids, slots
  from wanted as w join taken as t on t.organization_id = w.organization_id and t.nth = w.nth;
end
$$;
comment on function private.take_slots is 'In: locked pushes. Out: those for which there is a slot, and beside each its slot, locked until the transaction ends (null: none). private.claim_locked looks again whether it is free.';
-- end db/functions/pushes/private.take_slots.sql

-- begin db/functions/pushes/private.take_turn.sql
-- A member system with a rate gets its requests evenly spaced, over all workers. The moment is given away here; the worker
-- waits for it.
create or replace function private.take_turn(p_organization_id uuid, p_rate_per_second integer)
returns integer
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into sync.rates as r (organization_id, free_at)
  values (p_organization_id, clock_timestamp() + interval '1 second' / p_rate_per_second)
  on conflict (organization_id) do update
    set free_at = greatest(r.free_at, clock_timestamp()) + interval '1 second' / p_rate_per_second
  returning ceil(extract(epoch from greatest(r.free_at - interval '1 second' / p_rate_per_second - clock_timestamp(), interval '0')) * 1000)::integer
$$;
comment on function private.take_turn is 'In: organisation, requests a second. Out: milliseconds to wait before sending.';
-- end db/functions/pushes/private.take_turn.sql

-- begin db/functions/erasure/private.tg__removed.sql
-- Of an erased record the member number is kept only until its personnummer is removed from the member system. That has arrived; or the removal
-- failed, and a coordinator has closed the case: it was done by hand, or there is nothing there to remove.
create or replace function private.tg__removed()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.forget_external_id(NEW.member_id);
  return null;
end
$$;
comment on function private.tg__removed is 'Trigger: of an erased record the member number goes when the member system has removed the personnummer, or the case about it is closed.';

create or replace trigger _300_removed
after update of state on sync.pushes
for each row when (NEW.state = 'delivered' and NEW.removal) execute function private.tg__removed();

create or replace trigger _300_removed
after update of state on registry.conflicts
for each row when (NEW.kind = 'push_failed' and NEW.state = 'resolved' and NEW.decision = 'keep_existing')
execute function private.tg__removed();
-- end db/functions/erasure/private.tg__removed.sql

-- begin db/functions/conflicts/private.tg_conflicts__class.sql
-- A class is worked out when what it is made of changes, and not for each case of a list before the first page is cut.
create or replace function private.tg_conflicts__class()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  NEW.class := private.class_of_case(NEW.kind,
    private.decisions_of_case(NEW.kind, NEW.member_id, NEW.other_member_id, NEW.candidates, NEW.observation_id), NEW.detail);
  return NEW;
end
$$;
comment on function private.tg_conflicts__class is 'Before insert or update: keeps the class of the case.';
create or replace trigger _200_class
  before insert or update of kind, member_id, other_member_id, candidates, observation_id, detail on registry.conflicts
  for each row execute function private.tg_conflicts__class();
-- end db/functions/conflicts/private.tg_conflicts__class.sql

-- begin db/functions/conflicts/private.tg_conflicts__end_postponement.sql
-- What somebody put off, or looks after, was the case as it was: one that has changed is back on the list, and one that is closed is nobody's.
create or replace function private.tg_conflicts__end_postponement()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  NEW.postponed_until := null;
  if NEW.closed_at is not null then
    NEW.assigned_to := null;
  end if;
  return NEW;
end
$$;
comment on function private.tg_conflicts__end_postponement is 'Before update: a case with a new version is no longer postponed, and a closed one is assigned to nobody.';
create or replace trigger _100_end_postponement before update of version on registry.conflicts
  for each row when (NEW.version <> OLD.version)
  execute function private.tg_conflicts__end_postponement();
-- end db/functions/conflicts/private.tg_conflicts__end_postponement.sql

-- begin db/functions/conflicts/private.tg_conflicts__hold_or_release_pushes.sql
-- However a case is opened or ends (decided, taken back, answered by itself, merged away): what is on its way to the member system is looked
-- at in the same transaction.
create or replace function private.tg_conflicts__hold_or_release_pushes()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if TG_OP = 'INSERT' then
    perform private.hold_or_release_pushes(NEW.organization_id, NEW.candidates || NEW.member_id || NEW.other_member_id);
  elsif (NEW.closed_at is null, NEW.other_member_id, NEW.personnummer_index)
    is distinct from (OLD.closed_at is null, OLD.other_member_id, OLD.personnummer_index) then
    perform private.hold_or_release_pushes(NEW.organization_id, NEW.candidates || NEW.member_id || NEW.other_member_id || OLD.other_member_id);
  end if;
  return null;
end
$$;
comment on function private.tg_conflicts__hold_or_release_pushes is 'After insert or update: pushes begin to wait for a case about their number, or go on when it ends.';
create or replace trigger _100_hold_or_release_pushes after insert or update of closed_at, other_member_id, personnummer_index on registry.conflicts
  for each row when (private.disputes_number(NEW.kind))
  execute function private.tg_conflicts__hold_or_release_pushes();
-- end db/functions/conflicts/private.tg_conflicts__hold_or_release_pushes.sql

-- begin db/functions/coordinators/private.tg_coordinators__record.sql
-- Who may see members' records is itself something to be looked up later. A row that goes takes its sessions along (foreign key), and
-- one that is given to another login ends those of the login before.
create or replace function private.tg_coordinators__record()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c constant registry.coordinators := coalesce(NEW, OLD);
begin
  if TG_OP = 'DELETE' then
    perform private.record_event('coordinator_removed', 'operator', c.organization_id, 'A coordinator was removed.',
      p_detail => jsonb_build_object('user_id', c.user_id, 'sessions', (
        select count(*) from registry.sessions as s
        where s.coordinator_id = c.user_id and s.organization_id = c.organization_id and s.ended_at is null and s.expires_at > now())));
    return OLD;
  end if;
  if TG_OP = 'UPDATE' and OLD.subject is not null and (OLD.issuer, OLD.subject) is distinct from (NEW.issuer, NEW.subject) then
    perform private.end_session(s, 'link_removed') from registry.sessions as s
    where s.coordinator_id = c.user_id and s.organization_id = c.organization_id and s.ended_at is null;
  end if;
  if NEW.state = 'invited' and (TG_OP = 'INSERT' or OLD.invited_at is distinct from NEW.invited_at or OLD.state <> 'invited') then
    perform private.record_event('coordinator_invited', 'operator', c.organization_id, 'A coordinator was invited.',
      p_detail => jsonb_build_object('user_id', c.user_id));
  elsif TG_OP = 'INSERT' then
    perform private.record_event('coordinator_added', 'operator', c.organization_id, 'A coordinator was added.',
      p_detail => jsonb_build_object('user_id', c.user_id, 'state', c.state));
  end if;
  return NEW;
end
$$;
comment on function private.tg_coordinators__record is 'Trigger: an event when a coordinator is added, invited or removed; ends the sessions of a login that is no longer the coordinator''s.';
create or replace trigger _100_record
before delete on registry.coordinators
for each row execute function private.tg_coordinators__record();
create or replace trigger _110_record
after insert or update on registry.coordinators
for each row execute function private.tg_coordinators__record();
-- end db/functions/coordinators/private.tg_coordinators__record.sql

-- begin db/functions/files_and_worklist/private.tg_member_systems__seal_anew.sql
-- What stands on a worklist is sealed once, and then waits for a person, for days. A key that comes later, or takes the place of one
-- that was lost, would not be used until then, and a number that nobody can open is none; so what waits is sealed again.
create or replace function private.tg_member_systems__seal_anew()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid;
begin
  for v_id in
    update sync.pushes as p
    set accepted_until = null, status_url = null, receiver_sealed = null, next_attempt_at = clock_timestamp()
    where p.organization_id = NEW.organization_id and p.state = 'pending' and p.accepted_until is not null
    returning p.id
  loop
    perform private.enqueue('push_personnummer', v_id);
  end loop;
  return null;
end
$$;
comment on function private.tg_member_systems__seal_anew is 'After update: a worklist with another key has what waits sealed again.';
create or replace trigger _100_seal_anew after update of kind, receiver_key on sync.member_systems
  for each row when (NEW.kind = 'worklist' and (OLD.kind, OLD.receiver_key) is distinct from (NEW.kind, NEW.receiver_key))
  execute function private.tg_member_systems__seal_anew();
-- end db/functions/files_and_worklist/private.tg_member_systems__seal_anew.sql

-- begin db/functions/members/private.tg_members__search.sql
-- Search has a table of its own: a login that fills a number then writes none of its indexes.
create or replace function private.tg_members__search()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if TG_OP = 'INSERT' then
    insert into registry.member_search (organization_id, member_id, names, birth_date)
    select m.organization_id, m.id, array_to_tsvector(private.search_words(concat_ws(' ', m.given_name, m.family_name))), m.birth_date
    from added as m;
    return null;
  end if;
  update registry.member_search
  set names = array_to_tsvector(private.search_words(concat_ws(' ', NEW.given_name, NEW.family_name))), birth_date = NEW.birth_date
  where organization_id = NEW.organization_id and member_id = NEW.id;
  return null;
end
$$;
comment on function private.tg_members__search is 'Keeps registry.member_search as registry.members is.';
create or replace trigger _200_search_added
after insert on registry.members referencing new table as added
for each statement execute function private.tg_members__search();
create or replace trigger _201_search_changed
after update on registry.members
for each row when (
  OLD.given_name is distinct from NEW.given_name or OLD.family_name is distinct from NEW.family_name
  or OLD.birth_date is distinct from NEW.birth_date)
execute function private.tg_members__search();
-- end db/functions/members/private.tg_members__search.sql

-- begin db/functions/number/private.tg_members__version.sql
-- Whoever changes a member record, however: the version rises, so that a stale view of it can be told from a fresh one. The same number under
-- another key is no change: it must not take away that a decision can be undone, nor end what a coordinator is about to decide. A new number
-- always brings when it came.
create or replace function private.tg_members__version()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_same registry.members;
begin
  if NEW.personnummer_index <> OLD.personnummer_index or NEW.personnummer_sealed <> OLD.personnummer_sealed then
    v_same := NEW;
    v_same.personnummer_index := OLD.personnummer_index;
    v_same.personnummer_sealed := OLD.personnummer_sealed;
    if v_same is not distinct from OLD and (NEW.personnummer_at is not null or split_part(NEW.personnummer_index, '.', 1) is distinct from
      split_part(OLD.personnummer_index, '.', 1) or NEW.personnummer_index = OLD.personnummer_index)
    then
      return NEW;
    end if;
  end if;
  NEW.version := OLD.version + 1;
  NEW.updated_at := clock_timestamp();
  return NEW;
end
$$;
comment on function private.tg_members__version is 'Trigger: counts the version of a member record.';

create or replace trigger _100_version
before update on registry.members
for each row execute function private.tg_members__version();
-- end db/functions/number/private.tg_members__version.sql

-- begin db/functions/login/private.tg_observations__settle.sql
-- A verified login arrives as one row; everything else follows from it here. BEFORE INSERT, so that the row is written once,
-- with its outcome. Rows that come with an outcome (confirmed by private.confirm_known_login, deferred by private.keep_observation,
-- proposed by private.propose_link) are left alone.
create or replace function private.tg_observations__settle()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return private.settle_observation(NEW);
end
$$;
comment on function private.tg_observations__settle is 'Trigger: decides what a new observation means, and acts on it.';

create or replace trigger _100_settle
before insert on registry.observations
for each row when (NEW.outcome is null) execute function private.tg_observations__settle();
-- end db/functions/login/private.tg_observations__settle.sql

-- begin db/functions/pushes/private.tg_pushes__settle.sql
-- Whatever settles a push ends its lease and what it waited for with it, so that no final row holds a number sealed for
-- somebody, or a slot that others could use.
create or replace function private.tg_pushes__settle()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if NEW.settled_at is not null then
    NEW.lease_expires_at := null;
    NEW.slot := null;
    NEW.accepted_until := null;
    NEW.status_url := null;
    NEW.receiver_sealed := null;
  end if;
  if NEW.next_attempt_at is null then
    NEW.waits_for_conflict_id := null;
  end if;
  return NEW;
end
$$;
comment on function private.tg_pushes__settle is 'Before update: a settled push holds no lease, slot, status URL or sealed number, and one that is not tried again waits for no case.';
create or replace trigger _100_settle before update on sync.pushes
  for each row execute function private.tg_pushes__settle();
-- end db/functions/pushes/private.tg_pushes__settle.sql

-- begin db/functions/pushes/private.tg_pushes__wait.sql
-- A number that is in question is not carried on: what waits to be sent waits for the case. Asked of every push that becomes due, whoever
-- makes it so, so that no retry, probe or daily try lets one go. Left out is what has gone out already: a change that the member system
-- has taken in (status_url), or that is in a file that somebody has fetched. In one that nobody has fetched it is marked, and stays until
-- the file is taken back (private.file_is_disputed). A push that goes on gets its job here; a new one and one that failed get it from what
-- writes them (private.queue_push, private.wait_again).
create or replace function private.tg_pushes__wait()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant uuid := case TG_OP when 'UPDATE' then OLD.waits_for_conflict_id end;
  v_is_out boolean := false;
begin
  if NEW.file_id is not null then
    if TG_OP = 'UPDATE' and OLD.file_id is distinct from NEW.file_id then
      return NEW; -- it has just been looked at (worker.finish_file)
    end if;
    v_is_out := exists (select from sync.files as f where f.id = NEW.file_id and f.fetched_at is not null);
  end if;
  NEW.waits_for_conflict_id := case when not v_is_out then private.disputing_case(NEW) end;
  if NEW.waits_for_conflict_id is not null then
    NEW.next_attempt_at := 'infinity';
    if NEW.file_id is null then
      NEW.accepted_until := null;
      NEW.receiver_sealed := null;
    end if;
    -- What opens a case says so in its own event, with the push (private.act_on_outcome, private.open_import_case).
    if v_before is null and exists (
      select from registry.conflicts as c where c.id = NEW.waits_for_conflict_id and c.opened_at <> now())
    then
      perform private.record_push_event('push_held', NEW, 'The push waits: its number is in question in an open case.', NEW.waits_for_conflict_id);
    end if;
  elsif NEW.next_attempt_at = 'infinity' then
    NEW.next_attempt_at := coalesce(NEW.accepted_until, clock_timestamp());
    if NEW.accepted_until is null then
      perform private.enqueue('push_personnummer', NEW.id);
    end if;
    if not v_is_out then
      perform private.record_push_event('push_released', NEW, 'The push goes on: the case that it waited for is closed.', v_before);
    end if;
  end if;
  return NEW;
end
$$;
comment on function private.tg_pushes__wait is 'Before insert or update: a push whose number is in question waits for the case, one that waited goes on when it is settled.';
create or replace trigger _200_wait before insert or update of state, next_attempt_at, file_id, status_url on sync.pushes
  for each row when (NEW.state in ('pending', 'given_up') and NEW.next_attempt_at is not null and NEW.status_url is null)
  execute function private.tg_pushes__wait();
-- end db/functions/pushes/private.tg_pushes__wait.sql

-- begin db/functions/reporting/private.tg_snapshot_figures__frozen.sql
-- Figures are written once, while they are counted.
create or replace function private.tg_snapshot_figures__frozen()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from reporting.snapshots as s where s.id in (OLD.snapshot_id, NEW.snapshot_id) and s.state = 'frozen') then
    raise exception 'A frozen snapshot does not change; a correction is a new one.' using errcode = 'PN012';
  end if;
  return coalesce(NEW, OLD);
end
$$;
comment on function private.tg_snapshot_figures__frozen is 'Refuses changes of figures of frozen snapshots.';
create or replace trigger _100_frozen
before insert or update or delete on reporting.snapshot_figures
for each row execute function private.tg_snapshot_figures__frozen();
alter table reporting.snapshot_figures enable always trigger _100_frozen;
-- end db/functions/reporting/private.tg_snapshot_figures__frozen.sql

-- begin db/functions/reporting/private.tg_snapshot_persons__frozen.sql
-- Of a frozen snapshot's persons one thing may happen: that they are erased. Who counted and why not is left as it was.
create or replace function private.tg_snapshot_persons__frozen()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if (NEW.erased_at is null
      or (OLD.snapshot_id, OLD.organization_id, OLD.nth, OLD.member_id, OLD.verified, OLD.reason, OLD.place_problem)
        is distinct from (NEW.snapshot_id, NEW.organization_id, NEW.nth, NEW.member_id, NEW.verified, NEW.reason, NEW.place_problem))
    and exists (select from reporting.snapshots as s where s.id in (OLD.snapshot_id, NEW.snapshot_id) and s.state = 'frozen') then
    raise exception 'A frozen snapshot does not change; a correction is a new one.' using errcode = 'PN012';
  end if;
  return NEW;
end
$$;
comment on function private.tg_snapshot_persons__frozen is 'Refuses changes of persons of frozen snapshots, but for erasing them.';
create or replace trigger _100_frozen
before update on reporting.snapshot_persons
for each row execute function private.tg_snapshot_persons__frozen();
alter table reporting.snapshot_persons enable always trigger _100_frozen;
-- end db/functions/reporting/private.tg_snapshot_persons__frozen.sql

-- begin db/functions/reporting/private.tg_snapshot_persons__written_once.sql
-- A count writes a million rows, and one that takes its place removes them: asked once a statement, not once a row.
create or replace function private.tg_snapshot_persons__written_once()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from reporting.snapshots as s where s.state = 'frozen' and s.id in (select c.snapshot_id from changed as c)) then
    raise exception 'A frozen snapshot does not change; a correction is a new one.' using errcode = 'PN012';
  end if;
  return null;
end
$$;
comment on function private.tg_snapshot_persons__written_once is 'Refuses new persons in frozen snapshots, and removing theirs.';
create or replace trigger _200_written_once
after insert on reporting.snapshot_persons referencing new table as changed
for each statement execute function private.tg_snapshot_persons__written_once();
alter table reporting.snapshot_persons enable always trigger _200_written_once;
create or replace trigger _300_removed_never
after delete on reporting.snapshot_persons referencing old table as changed
for each statement execute function private.tg_snapshot_persons__written_once();
alter table reporting.snapshot_persons enable always trigger _300_removed_never;
-- end db/functions/reporting/private.tg_snapshot_persons__written_once.sql

-- begin db/functions/reporting/private.tg_snapshots__frozen.sql
-- A frozen snapshot never changes: not by a later program, and not by ours. ALWAYS, here and for what belongs to it: who migrates on hosted Supabase
-- may set session_replication_role, which skips other triggers.
create or replace function private.tg_snapshots__frozen()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if OLD.state = 'frozen' then
    raise exception 'A frozen snapshot does not change; a correction is a new one.' using errcode = 'PN012';
  end if;
  return case TG_OP when 'DELETE' then OLD else NEW end;
end
$$;
comment on function private.tg_snapshots__frozen is 'Refuses changes of frozen snapshots.';
create or replace trigger _100_frozen
before update or delete on reporting.snapshots
for each row execute function private.tg_snapshots__frozen();
alter table reporting.snapshots enable always trigger _100_frozen;
-- end db/functions/reporting/private.tg_snapshots__frozen.sql

-- begin db/functions/sealing/private.unsealed_events.sql
-- Which events may be sealed now, in their order. An event of the current epoch may when its transaction is older than every transaction that
-- still runs: then nothing can come before it any more. Never by id: ids are given before the commit, and a long transaction's event comes late.
-- STABLE: all of it sees the snapshot of the statement that calls, and so do horizon and rows.
create or replace function private.unsealed_events(p_most integer)
returns setof audit.events
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last audit.leaves;
  v_epoch constant integer := coalesce((select max(e.epoch) from audit.epochs as e), 1);
  v_horizon constant xid8 := pg_snapshot_xmin(pg_current_snapshot());
begin
  select l.* into v_last from audit.leaves as l order by l.leaf_index desc limit 1;
  return query
    select e.* from audit.events as e
    where (e.epoch, e.transaction_id, e.id) >
        (coalesce(v_last.epoch, 0), coalesce(v_last.transaction_id, '0'::xid8), coalesce(v_last.event_id, 0))
      and (e.epoch < v_epoch or e.transaction_id < v_horizon)
    order by e.epoch, e.transaction_id, e.id limit p_most;
end
$$;
comment on function private.unsealed_events is 'In: how many at most. Out: the next events to be sealed, in the order (epoch, transaction, id).';
-- end db/functions/sealing/private.unsealed_events.sql

-- begin db/functions/sealing/private.why_new_epoch.sql
-- Transactions are counted from elsewhere where the events came from a dump. PostgreSQL tells clusters apart by an identifier, which hosted
-- services may keep to themselves: then a sealed event of a transaction that this cluster has not come to yet says the same.
create or replace function private.why_new_epoch()
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when newest.epoch is null then 'first'
    when newest.system_identifier <> audit.system_identifier() then 'other_cluster'
    when (select l.epoch = newest.epoch and l.transaction_id >= pg_snapshot_xmax(pg_current_snapshot())
          from audit.leaves as l order by l.leaf_index desc limit 1) then 'other_cluster'
  end
  from (select) as one
  left join lateral (select e.* from audit.epochs as e order by e.epoch desc limit 1) as newest on true
$$;
comment on function private.why_new_epoch is 'Out: why a new epoch must begin before anything is sealed: first, or other_cluster; null when it need not.';
-- end db/functions/sealing/private.why_new_epoch.sql

-- begin db/functions/erasure/worker.announce_erasure.sql
-- The operator's way: npm run member:erase. The operator may do anything here; who that is stands in the reason, if at all.
create or replace function worker.announce_erasure(organization text, external_id text, reason text)
returns table (erasure_id uuid, refused_as text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  m registry.members;
begin
  select known.* into m from registry.members as known join registry.organizations as g on g.id = known.organization_id
  where g.slug = announce_erasure.organization and known.external_id = announce_erasure.external_id;
  perform private.lock_family(m.id) where m.id is not null;
  select known.* into m from registry.members as known where known.id = m.id;
  refused_as := case when m.id is null then 'not_found' when m.erasure_id is not null then 'member_erased'
    else private.why_not_reason(m.id, announce_erasure.reason) end;
  erasure_id := m.erasure_id;
  if m.id is null then -- carried out, perhaps, and the member number is gone: whoever begins again is told of it
    select r.erasure_id into erasure_id
    from registry.organizations as g
    join audit.erased_records as r
      on r.organization_id = g.id and r.external_id_digest = private.digest_external_id(g.id, announce_erasure.external_id)
    join audit.erasures as e on e.id = r.erasure_id
    where g.slug = announce_erasure.organization order by e.announced_at desc limit 1;
    refused_as := case when erasure_id is null then 'not_found' else 'member_erased' end;
  end if;
  if refused_as is null then
    erasure_id := private.announce_erasure(m.id, announce_erasure.reason, 'operator', private.actor());
  end if;
  return next;
end
$$;
comment on function worker.announce_erasure is 'In: an organisation (slug), a member number, why, in words that do not tell who. Out: the erasure, announced, or the code of a refusal: not_found, member_erased (with the erasure there is), text_missing, note_too_long, number_in_note, person_in_reason.';
grant execute on function worker.announce_erasure to sync_worker;
-- end db/functions/erasure/worker.announce_erasure.sql

-- begin db/functions/sealing/worker.append_checkpoint.sql
-- From here on the checkpoint is public. Nothing that another worker has overtaken is kept: the tree it signs is part of the newer one.
create or replace function worker.append_checkpoint(tree_size bigint, root_hash bytea, signed_note text, key_name text, verifier_keys text[])
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform audit.lock_sealing();
  if exists (select from audit.checkpoints as c where c.tree_size >= append_checkpoint.tree_size)
    or private.sealed_size() < append_checkpoint.tree_size
  then
    return false;
  end if;
  insert into audit.sealing_keys (verifier_key)
  select k.verifier_key from unnest(append_checkpoint.verifier_keys) as k(verifier_key)
  where not exists (select from audit.sealing_keys as known where known.verifier_key = k.verifier_key);
  insert into audit.checkpoints (tree_size, root_hash, signed_note, key_name)
  values (append_checkpoint.tree_size, append_checkpoint.root_hash, append_checkpoint.signed_note, append_checkpoint.key_name);
  return true;
end
$$;
comment on function worker.append_checkpoint is 'In: a signed checkpoint, and the public keys it is signed with. Out: whether it is the newest one now.';
grant execute on function worker.append_checkpoint to sync_worker;
-- end db/functions/sealing/worker.append_checkpoint.sql

-- begin db/functions/sealing/worker.append_leaves.sql
-- The worker's batch becomes part of the tree, or nothing of it does: when another worker was first, or an event was redacted since it was read.
-- Then the worker asks again. No gap and no double leaf: numbers and events are unique, and the lock lets one in at a time.
create or replace function worker.append_leaves(
  first_index bigint, event_ids bigint[], redacted boolean[], salts bytea[], leaf_hashes bytea[],
  node_levels integer[], node_indexes bigint[], node_hashes bytea[]
)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform audit.lock_sealing();
  if private.sealed_size() <> append_leaves.first_index or exists (
    select from unnest(append_leaves.event_ids, append_leaves.redacted) as g(id, was_redacted)
    left join audit.events as e on e.id = g.id
    where e.id is null or (e.redacted_at is not null) <> g.was_redacted
  ) then
    return false;
  end if;
  insert into audit.leaves (leaf_index, event_id, leaf_hash, epoch, transaction_id)
  select append_leaves.first_index + g.place - 1, g.id, g.hash, e.epoch, e.transaction_id
  from unnest(append_leaves.event_ids, append_leaves.leaf_hashes) with ordinality as g(id, hash, place)
  join audit.events as e on e.id = g.id;
  insert into audit.salts (event_id, salt) select * from unnest(append_leaves.event_ids, append_leaves.salts);
  insert into audit.nodes (level, node_index, node_hash)
  select * from unnest(append_leaves.node_levels, append_leaves.node_indexes, append_leaves.node_hashes);
  return true;
end
$$;
comment on function worker.append_leaves is 'In: the place of the first leaf; for each event its id, whether it was redacted when it was read, its salt and its leaf; the subtrees of 256 leaves and more that are complete now. Out: whether they were appended.';
grant execute on function worker.append_leaves to sync_worker;
-- end db/functions/sealing/worker.append_leaves.sql

-- begin db/functions/sealing/worker.audit_subtrees.sql
-- The worker compares the tree with the checkpoint that it keeps outside the database.
create or replace function worker.audit_subtrees(levels integer[], indexes bigint[])
returns bytea[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.subtree_hashes(audit_subtrees.levels, audit_subtrees.indexes)
$$;
comment on function worker.audit_subtrees is 'In and out: as private.subtree_hashes.';
grant execute on function worker.audit_subtrees to sync_worker;
-- end db/functions/sealing/worker.audit_subtrees.sql

-- begin db/functions/sealing/worker.await_standby.sql
-- A checkpoint that was published and then lost in a failover is a rewritten history to every witness. So before signing, one commit that the
-- synchronous standby has confirmed: everything sealed so far was written before it. Somebody may have turned waiting off for this role.
create or replace function worker.await_standby()
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('synchronous_commit') in ('off', 'local', 'remote_write') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  perform pg_logical_emit_message(true, 'audit-seal', '');
end
$$;
comment on function worker.await_standby is 'Its commit returns when what is committed so far is on disk, here and on a synchronous standby where there is one.';
grant execute on function worker.await_standby to sync_worker;
-- end db/functions/sealing/worker.await_standby.sql

-- begin db/functions/upkeep/worker.beat.sql
-- A worker says that it lives and which pushes it is sending; their leases are renewed. It hears which of them it has lost, and
-- which organisations' jobs are not to be fetched.
create or replace function worker.beat(pool_id text, push_ids uuid[], fencing_tokens bigint[])
returns table (lost uuid[], forbidden_flags text[])
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into sync.workers as w (pool_id) values (beat.pool_id)
  on conflict on constraint workers_pkey do update set seen_at = clock_timestamp();
  with named as (
    select t.id, t.token from unnest(beat.push_ids, beat.fencing_tokens) as t(id, token)
  ), held as (
    update sync.pushes as p set lease_expires_at = clock_timestamp() + private.lease()
    from named as n
    where p.id = n.id and p.fencing_token = n.token and p.state = 'sending'
    returning p.id
  )
  select coalesce(array_agg(n.id), '{}') into lost from named as n where not exists (select from held as h where h.id = n.id);
  select coalesce(array_agg('org:' || b.organization_id), '{}') into forbidden_flags from sync.breakers as b where b.state <> 'closed';
  return next;
end
$$;
comment on function worker.beat is 'In: the name under which the worker locks its jobs, the pushes it is sending with their fencing tokens. Out: those that it holds no more, and the flags of jobs that must not be fetched.';
grant execute on function worker.beat to sync_worker;
-- end db/functions/upkeep/worker.beat.sql

-- begin db/functions/reporting/worker.begin_grant_count.sql
-- Told before it is counted, in a transaction of its own: so coordinators see that it goes on.
create or replace function worker.begin_grant_count(snapshot_id uuid)
returns boolean
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  with begun as (
    update reporting.snapshots as s set started_at = clock_timestamp()
    where s.id = begin_grant_count.snapshot_id and s.state = 'asked' returning s.id
  )
  select exists (select from begun)
$$;
comment on function worker.begin_grant_count is 'In: a count that was asked for. Out: whether it still waits.';
grant execute on function worker.begin_grant_count to sync_worker;
-- end db/functions/reporting/worker.begin_grant_count.sql

-- begin db/functions/files_and_worklist/worker.claim_file.sql
-- A worker begins a file: for one organisation whose pause between files is over and that has changes
-- waiting. One file of an organisation is under way at a time, so that an older value never comes after a newer one. After one that
-- failed (worker.fail_file) the next one is tried ten minutes later.
create or replace function worker.claim_file(worker_id text)
returns table (
  file_id uuid, organization_id uuid, organization text, receiver_key jsonb, push_id uuid, external_id text,
  personnummer_sealed text, personnummer_index text
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s sync.member_systems;
  f sync.files;
  v_ids uuid[];
begin
  -- A worker that died while writing: nothing of its file was seen by anybody.
  update sync.files as old set state = 'expired', lease_expires_at = null
  where old.state = 'writing' and old.lease_expires_at < clock_timestamp();
  for s in
    select known.* from sync.member_systems as known
    where known.kind = 'file' and not exists (
      select from sync.files as k where k.organization_id = known.organization_id and (k.state in ('writing', 'ready')
        or (k.ready_at is not null and k.created_at > clock_timestamp() - known.file_every)
        or (k.error_code is not null and k.created_at > clock_timestamp() - interval '10 minutes')))
    order by known.id for update skip locked
  loop
    v_ids := private.changes_for_file(s.organization_id);
    exit when v_ids is not null;
  end loop;
  if v_ids is null then
    return;
  end if;
  insert into sync.files (organization_id, leased_by, lease_expires_at)
  values (s.organization_id, claim_file.worker_id, clock_timestamp() + interval '2 minutes')
  returning * into f;
  return query
    select f.id, g.id, g.slug, s.receiver_key, p.id, m.external_id, m.personnummer_sealed, m.personnummer_index
    from sync.pushes as p
    join registry.members as m on m.id = p.member_id
    join registry.organizations as g on g.id = p.organization_id
    where p.id = any (v_ids) order by p.created_at;
end
$$;
comment on function worker.claim_file is 'In: the worker''s name. Out: the changes for one new file, a row each, with a lease of two minutes; no row when no file is due.';
grant execute on function worker.claim_file to sync_worker;
-- end db/functions/files_and_worklist/worker.claim_file.sql

-- begin db/functions/pushes/worker.claim_pushes.sql
-- A worker takes pushes: one, or many in one round trip and one commit. Most can be sent without a second thought; what cannot is settled,
-- or keeps a job for later, because the job that brought the worker here is used up by this.
-- Where only ordinary claims were made the commit is not waited for on the disk: a claim that a crash of the server takes back was a lease,
-- and goes with it. Fencing holds all the same, because reports name the worker besides the token.
create or replace function worker.claim_pushes(push_ids uuid[], worker_ids text[], wait_for_locks boolean default false)
returns setof sync.push_claim
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  v_ready uuid[];
  v_waiting uuid[];
  v_reasons text[];
  v_claimed uuid[] := array[]::uuid[];
  c sync.push_claim;
begin
  select j.ready, j.waiting, j.reasons into v_ready, v_waiting, v_reasons
  from private.judge_claims(private.lock_pushes(claim_pushes.push_ids, claim_pushes.wait_for_locks)) as j;
  if v_ready is not null then
    for c in
      select claim.* from private.take_slots(v_ready) as t
      cross join lateral private.claim_locked(t.ids, array(
        select claim_pushes.worker_ids[array_position(claim_pushes.push_ids, n.id)] from unnest(t.ids) with ordinality as n(id, nth) order by n.nth
      ), t.slots) as claim
      where t.ids is not null
      order by claim.organization_id -- rates are locked in this order
    loop
      if c.member_system ->> 'rate_per_second' is not null then
        c.delay_ms := private.take_turn(c.organization_id, (c.member_system ->> 'rate_per_second')::integer);
      end if;
      v_claimed := v_claimed || c.push_id;
      return next c;
    end loop;
  end if;
  if v_waiting is null and cardinality(v_claimed) = coalesce(cardinality(v_ready), 0) then
    perform set_config('synchronous_commit', 'off', true);
    return;
  end if;
  return query
    select answer.* from (
      select w.id, w.reason from unnest(v_waiting, v_reasons) as w(id, reason)
      union all
      select r.id, 'no_slot' from unnest(v_ready) as r(id) where r.id <> all (v_claimed)
    ) as left_over
    cross join lateral private.put_off_claim(left_over.id, left_over.reason) as answer;
end
$$;
comment on function worker.claim_pushes is 'In: pushes, beside each the name it is claimed under, and whether to wait for one that somebody else has locked. Out: a row for each: what to send and where (personnummer null: remove the number there); or only waits_for and wait_ms when it must wait; or neither when there is nothing to do. No row: locked by somebody else, nothing was changed.';
grant execute on function worker.claim_pushes to sync_worker;
-- end db/functions/pushes/worker.claim_pushes.sql

-- begin db/functions/figures/worker.count_figures.sql
-- What nobody can count in the time of a request is counted here and says when (counted_at). Nothing of it is kept by triggers: no login waits
-- for a counter, and a figure cannot drift from the rows. It takes at most a fiftieth of a core: the longer it took, the longer the next waits.
create or replace function worker.count_figures()
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_begun constant timestamptz := clock_timestamp();
begin
  if not pg_try_advisory_xact_lock(hashtextextended('worker.count_figures', 0))
    or exists (select from registry.figures as f having max(f.counted_at + 50 * f.counted_in) > v_begun)
  then
    return 0;
  end if;
  perform private.count_figures();
  perform private.count_months();
  update registry.figures as f set counted_in = clock_timestamp() - v_begun;
  return (select count(*) from registry.figures);
end
$$;
comment on function worker.count_figures is 'Out: of how many organisations the figures were counted; none when another worker counts, or when it was done too lately. Called every minute.';
grant execute on function worker.count_figures to sync_worker;
-- end db/functions/figures/worker.count_figures.sql

-- begin db/functions/reporting/worker.count_grant.sql
-- The worker's way: what a coordinator asked for at the desk. A count that is done already, or gave way to another one, is left alone.
create or replace function worker.count_grant(snapshot_id uuid)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
begin
  perform private.lock_counting(known.organization_id, true) from reporting.snapshots as known where known.id = count_grant.snapshot_id;
  select known.* into s from reporting.snapshots as known where known.id = count_grant.snapshot_id and known.state = 'asked';
  if s.id is null then
    return false;
  end if;
  perform private.make_snapshot(s, 'worker');
  return true;
end
$$;
comment on function worker.count_grant is 'In: a count that was asked for. Out: whether it was counted now.';
grant execute on function worker.count_grant to sync_worker;
-- end db/functions/reporting/worker.count_grant.sql

-- begin db/functions/drift/worker.drift_page.sql
-- The records to compare with a member system, a page at a time. Left out: what is on its way, what failed (there is a case), what was
-- cancelled because consent was withdrawn (it is not to arrive), and records without a number that never had one sent.
create or replace function worker.drift_page(organization text, after uuid, most integer)
returns table (
  member_id uuid, organization_id uuid, external_id text, personnummer_index text, sent boolean, sent_index text, has_case boolean,
  member_system jsonb
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select m.id, m.organization_id, m.external_id, m.personnummer_index, p.id is not null, p.personnummer_index,
    exists (select from registry.conflicts as c
            where c.organization_id = m.organization_id and c.member_id = m.id and c.kind = 'drift' and c.closed_at is null),
    to_jsonb(s)
  from registry.organizations as g
  join sync.member_systems as s on s.organization_id = g.id
  join registry.members as m on m.organization_id = g.id and m.merged_into is null and m.erased_at is null
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
-- end db/functions/drift/worker.drift_page.sql

-- begin db/functions/retention/worker.erase_expired.sql
-- The retention task: what was kept for a time only goes when the time is over, some thousands at once so that logins never
-- wait for it. The caller repeats until nothing is left. In this order: a session goes after its tokens, a dry run after its lines.
create or replace function worker.erase_expired(most integer)
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_contacts constant integer := private.erase_contacts(most);
  v_numbers constant integer := private.erase_numbers(most);
  v_cases constant integer := private.erase_case_numbers(most);
  v_offers constant integer := private.erase_offers(most);
  v_decisions constant integer := private.erase_replaced_numbers(most);
  v_refresh_tokens constant integer := private.erase_refresh_tokens(most);
  v_sessions constant integer := private.erase_sessions(most);
  v_import_lines constant integer := private.erase_import_lines(most);
  v_dry_runs constant integer := private.erase_dry_runs(most);
  v_imports constant integer := private.abandon_imports(most);
  v_revocations constant integer := private.erase_revocations(most);
  v_events constant integer := private.redact_events(most);
  v_highest constant integer := greatest(
    v_contacts, v_numbers, v_cases, v_offers, v_decisions, v_refresh_tokens, v_sessions, v_import_lines, v_dry_runs, v_imports,
    v_revocations, v_events);
begin
  if v_highest > 0 then
    perform private.record_event('data_erased', 'worker', null, 'Data was erased, because the time set for it is over.',
      p_detail => jsonb_build_object('contacts', v_contacts, 'numbers', v_numbers + v_cases, 'offers', v_offers, 'decisions', v_decisions,
        'refresh_tokens', v_refresh_tokens, 'sessions', v_sessions, 'import_lines', v_import_lines, 'dry_runs', v_dry_runs,
        'imports', v_imports) || case when v_revocations > 0 then jsonb_build_object('revocations', v_revocations) else '{}' end
        || case when v_events > 0 then jsonb_build_object('events', v_events) else '{}' end);
  end if;
  return v_highest;
end
$$;
comment on function worker.erase_expired is 'In: how many rows of a kind at most. Out: how many were erased of the kind with the most; when it is as many as asked for, there may be more.';
grant execute on function worker.erase_expired to sync_worker;
-- end db/functions/retention/worker.erase_expired.sql

-- begin db/functions/sealing/worker.events_to_seal.sql
-- The worker hashes what audit:verify hashes later, so each column goes out as the text that audit-seal/event.ts also asks for: the same on
-- every server, whatever its time zone and date style.
create or replace function worker.events_to_seal(most integer)
returns table (
  actor text, conflict_id text, detail text, epoch text, event text, id text, member_id text, message text, observation_id text,
  occurred_at text, organization_id text, push_id text, redacted_at text, source text, transaction_id text
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.actor, e.conflict_id::text, e.detail::text, e.epoch::text, e.event::text, e.id::text, e.member_id::text, e.message::text,
    e.observation_id::text,
    case when isfinite(e.occurred_at) then (extract(epoch from e.occurred_at) * 1000000)::bigint::text else e.occurred_at::text end,
    e.organization_id::text, e.push_id::text,
    case when isfinite(e.redacted_at) then (extract(epoch from e.redacted_at) * 1000000)::bigint::text else e.redacted_at::text end,
    e.source::text, e.transaction_id::text
  from private.unsealed_events(events_to_seal.most) as e
$$;
comment on function worker.events_to_seal is 'In: how many at most. Out: the events that are next to be sealed, in order, each column as the text that is hashed.';
grant execute on function worker.events_to_seal to sync_worker;
-- end db/functions/sealing/worker.events_to_seal.sql

-- begin db/functions/export/worker.export_member.sql
-- The operator's way: npm run member:export. The worker has the keys: it can hand the number out sealed for whoever asks.
create or replace function worker.export_member(organization text, external_id text)
returns table (export jsonb, numbers jsonb)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  m registry.members;
begin
  select known.* into m from registry.members as known join registry.organizations as g on g.id = known.organization_id
  where g.slug = export_member.organization and known.external_id = export_member.external_id;
  if m.id is null then
    return;
  end if;
  export := private.export_record(m, 'operator');
  numbers := coalesce((
    select jsonb_agg(jsonb_build_object('member_id', r.id, 'organization_id', r.organization_id,
      'personnummer_sealed', r.personnummer_sealed, 'personnummer_index', r.personnummer_index))
    from registry.members as r where r.id = any (private.family_of(m.id)) and r.personnummer_index is not null), '[]');
  return next;
end
$$;
comment on function worker.export_member is 'In: an organisation (slug), a member number. Out: as api.export_member, and the recorded numbers of the person, sealed, each with its index and record; no row: there is no such member.';
grant execute on function worker.export_member to sync_worker;
-- end db/functions/export/worker.export_member.sql

-- begin db/functions/files_and_worklist/worker.fail_file.sql
-- A worker says that it could not write a file at all. Nothing was tried of the single changes, so none of them
-- counts an attempt; but they carry the reason, and a coordinator is told, once.
create or replace function worker.fail_file(file_id uuid, worker_id text, error_code text)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  f sync.files;
begin
  select k.* into f from sync.files as k where k.id = fail_file.file_id for update;
  if f.state is distinct from 'writing' or f.leased_by <> fail_file.worker_id then
    return false;
  end if;
  update sync.files as k set state = 'expired', lease_expires_at = null, error_code = fail_file.error_code where k.id = f.id;
  update sync.pushes as p set error_code = fail_file.error_code
  where p.organization_id = f.organization_id and p.state = 'pending' and p.next_attempt_at <= clock_timestamp();
  perform private.open_member_system_case(
    f.organization_id, 'member_system file ' || fail_file.error_code, jsonb_build_object('error_code', fail_file.error_code));
  perform private.record_event('file_expired', 'worker', f.organization_id,
    format('No file could be written for the member system (%s); it is tried again.', fail_file.error_code),
    p_detail => jsonb_build_object('file_id', f.id, 'error_code', fail_file.error_code));
  return true;
end
$$;
comment on function worker.fail_file is 'In: the file, the worker''s name, a fixed code. Out: false when the file has been given up meanwhile.';
grant execute on function worker.fail_file to sync_worker;
-- end db/functions/files_and_worklist/worker.fail_file.sql

-- begin db/functions/erasure/worker.finish_erasure.sql
-- The worker carries an erasure out, after it stands in the ledger, where one is kept. A second call changes nothing. It waits for locks a bounded
-- time, because a login may wait for it meanwhile; the job tries again.
create or replace function worker.finish_erasure(erasure_id uuid, recorded boolean)
returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
  e audit.erasures;
begin
  if finish_erasure.recorded then
    update audit.erasures as known set recorded_at = clock_timestamp()
    where known.id = finish_erasure.erasure_id and known.state = 'announced' and known.recorded_at is null;
  end if;
  e := private.carry_out_erasure(finish_erasure.erasure_id);
  if e.id is null then
    raise exception 'There is no such erasure.' using errcode = 'PN004';
  end if;
  return e.state::text;
end
$$;
comment on function worker.finish_erasure is 'In: an erasure, whether it was written into a ledger outside the database. Out: its state, erased. Raises PN004 for an unknown id, PN011 where something would be left.';
grant execute on function worker.finish_erasure to sync_worker;
-- end db/functions/erasure/worker.finish_erasure.sql

-- begin db/functions/files_and_worklist/worker.finish_file.sql
-- A worker hands over a finished file. Changes that could not go into it (their number could not be read)
-- become cases. A file is sealed and cannot be mended: if one of its changes was cancelled or superseded while it was written, the
-- whole file is given up, and the next claim writes it anew without that change.
create or replace function worker.finish_file(file_id uuid, worker_id text, content text, push_ids uuid[], failed_ids uuid[], failed_codes text[])
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  f sync.files;
  p sync.pushes;
  v_until timestamptz;
begin
  select k.* into f from sync.files as k where k.id = finish_file.file_id for update;
  if f.state is distinct from 'writing' or f.leased_by <> finish_file.worker_id then
    return null;
  end if;
  select clock_timestamp() + s.accept_within into v_until from sync.member_systems as s where s.organization_id = f.organization_id;
  perform private.fail_filed_push(f, t.id, t.code) from unnest(finish_file.failed_ids, finish_file.failed_codes) as t(id, code);
  -- Between the claim of a file and its end a consent may be withdrawn, or a record change. Locked, nothing more can happen to its changes.
  perform from sync.pushes as k where k.id = any (finish_file.push_ids) and k.organization_id = f.organization_id order by k.id for update;
  if cardinality(finish_file.push_ids) = 0 or cardinality(finish_file.push_ids) <> (
    select count(*) from sync.pushes as k
    cross join lateral (select from private.push_standing as s where s.id = k.id and not s.is_obsolete limit 1) as stands
    where k.id = any (finish_file.push_ids) and k.organization_id = f.organization_id
      and k.state in ('pending', 'given_up') and k.next_attempt_at is not null and k.waits_for_conflict_id is null)
  then
    update sync.files as k set state = 'expired', lease_expires_at = null where k.id = f.id;
    return case when cardinality(finish_file.push_ids) = 0 then 0 end;
  end if;
  update sync.files as k
  set state = 'ready', content = finish_file.content, pushes = cardinality(finish_file.push_ids), ready_at = clock_timestamp(),
      accept_until = v_until, lease_expires_at = null
  where k.id = f.id;
  for p in
    update sync.pushes as k
    set state = 'pending', settled_at = null, file_id = f.id, error_code = null,
        accepted_until = v_until, next_attempt_at = v_until, leased_by = finish_file.worker_id
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
-- end db/functions/files_and_worklist/worker.finish_file.sql

-- begin db/functions/pushes/worker.finish_pushes.sql
-- A worker reports how attempts ended: of one push, or of many in one round trip and one commit. Plain deliveries are written together,
-- and the worker goes on with the next pushes at once. What leaves something to put right (a failure, a breaker, a case, an older value that
-- was overtaken) is written one after the other, by organisation, so that breakers are locked in one order.
-- Members of many reports are skipped where somebody else holds them: only a single report waits, so no two calls wait for each other.
-- Where there were only plain deliveries the commit is not waited for on the disk: what a crash of the server takes back is a push that is
-- being sent, and is sent again under the same key.
create or replace function worker.finish_pushes(reports jsonb, wait_for_locks boolean default false)
returns table (push_id uuid, state text, next jsonb)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  v_reports constant sync.push_report[] := array(
    select r from jsonb_populate_recordset(null::sync.push_report, finish_pushes.reports) as r);
  v_plain record;
  v_others uuid[];
  r sync.push_report;
begin
  v_plain := private.lock_plain_deliveries(v_reports);
  if v_plain.ids is not null then
    insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, http_status, duration_ms)
    select p.id, p.organization_id, p.attempts, p.leased_by, t.result, t.http_status, t.duration_ms
    from unnest(v_reports) as t join sync.pushes as p on p.id = t.push_id
    where p.id = any (v_plain.ids);
    perform private.settle_pushes(v_plain.ids, v_plain.http_statuses, array_fill(null::text, array[cardinality(v_plain.ids)]),
      'delivered', 'push_delivered', 'The personnummer was delivered to the member system.');
    return query
      with next as materialized (
        select c.* from private.claim_next_pushes(v_plain.organization_ids, v_plain.next_worker_ids, v_plain.slots) as c
      )
      select done.id, 'delivered'::text, case when n.push_id is not null then to_jsonb(n) end
      from unnest(v_plain.ids, v_plain.next_worker_ids) as done(id, next_worker_id)
      left join next as n on n.worker_id = done.next_worker_id;
    if cardinality(v_plain.ids) = cardinality(v_reports) then
      perform set_config('synchronous_commit', 'off', true);
      return;
    end if;
  end if;
  v_others := private.lock_reported_pushes(
    array(select t.push_id from unnest(v_reports) as t where t.push_id <> all (coalesce(v_plain.ids, '{}'))), finish_pushes.wait_for_locks);
  for r in
    select t.* from unnest(v_reports) as t join sync.pushes as p on p.id = t.push_id
    where t.push_id = any (v_others) order by p.organization_id, p.id
  loop
    push_id := r.push_id;
    state := private.record_result(r);
    next := null;
    return next;
  end loop;
end
$$;
comment on function worker.finish_pushes is 'In: an array of reports (the fields of sync.push_report), whether to wait for pushes that somebody else has locked. Out: a row for each: its new state, null when the report is stale (an old token, another worker); and for a delivery the push that is claimed next (sync.push_claim). No row: locked by somebody else, nothing was changed.';
grant execute on function worker.finish_pushes to sync_worker;
-- end db/functions/pushes/worker.finish_pushes.sql

-- begin db/functions/reporting/worker.grant_report.sql
-- A snapshot again, as it was.
create or replace function worker.grant_report(organization text, snapshot_id uuid)
returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.describe_snapshot(s) from reporting.snapshots as s join registry.organizations as g on g.id = s.organization_id
  where g.slug = grant_report.organization and s.id = grant_report.snapshot_id
$$;
comment on function worker.grant_report is 'In: organisation (slug), a snapshot of it. Out: all of it but the persons; null: there is no such snapshot.';
grant execute on function worker.grant_report to sync_worker;
-- end db/functions/reporting/worker.grant_report.sql

-- begin db/functions/reporting/worker.grant_rows.sql
-- Lists for the auditor, by the operator. A sample is drawn, another list is read on.
create or replace function worker.grant_rows(organization text, snapshot_id uuid, what text, after integer, most integer, seed text default '')
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
begin
  select known.* into s from reporting.snapshots as known join registry.organizations as g on g.id = known.organization_id
  where g.slug = grant_rows.organization and known.id = grant_rows.snapshot_id;
  if s.id is null then
    return null;
  end if;
  perform private.record_repeatable(concat_ws(' ', private.actor(), s.id, grant_rows.what), 'grant_list_taken', 'operator', s.organization_id,
    'A list of members was taken from what was counted for a grant.', p_detail => jsonb_build_object('snapshot_id', s.id, 'what', grant_rows.what));
  if grant_rows.what = 'sample' then
    return private.draw_sample(s, grant_rows.most, grant_rows.seed);
  end if;
  return private.snapshot_rows(s, grant_rows.what, grant_rows.after, grant_rows.most);
end
$$;
comment on function worker.grant_rows is 'In: organisation (slug), a snapshot of it, counted, not_counted, duplicates, places or sample, the last row that is known, how many, a word for the sample. Out: rows as JSON; null: there is no such snapshot.';
grant execute on function worker.grant_rows to sync_worker;
-- end db/functions/reporting/worker.grant_rows.sql

-- begin db/functions/reporting/worker.make_grant_snapshot.sql
-- The operator's way: npm run grant:report.
create or replace function worker.make_grant_snapshot(organization text, base_year integer, rule text, corrects uuid default null)
returns table (report jsonb, refused_as text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
  v_organization_id constant uuid := (select g.id from registry.organizations as g where g.slug = make_grant_snapshot.organization);
begin
  if v_organization_id is not null then
    perform private.lock_counting(v_organization_id, true);
  end if;
  refused_as := private.why_not_count(v_organization_id, make_grant_snapshot.base_year, make_grant_snapshot.rule, make_grant_snapshot.corrects);
  if refused_as is null then
    s := private.ask_snapshot(v_organization_id, make_grant_snapshot.base_year, make_grant_snapshot.rule, make_grant_snapshot.corrects);
    s := private.make_snapshot(s, 'operator');
    report := private.describe_snapshot(s); -- a statement of its own, which sees what was written
  end if;
  return next;
end
$$;
comment on function worker.make_grant_snapshot is 'In: organisation (slug), base year, rule, the frozen snapshot that is corrected. Out: the draft as a whole, or the code of the refusal.';
grant execute on function worker.make_grant_snapshot to sync_worker;
-- end db/functions/reporting/worker.make_grant_snapshot.sql

-- begin db/functions/breakers/worker.member_system.sql
-- The row of an organisation, for trying it out (npm run member-system:check). It names secrets and holds none.
create or replace function worker.member_system(organization text)
returns table (organization_id uuid, member_system jsonb)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.id, to_jsonb(s)
  from registry.organizations as g
  left join sync.member_systems as s on s.organization_id = g.id
  where g.slug = member_system.organization
$$;
comment on function worker.member_system is 'In: an organisation (slug). Out: its id and its member system; no row for an unknown organisation.';
grant execute on function worker.member_system to sync_worker;
-- end db/functions/breakers/worker.member_system.sql

-- begin db/functions/upkeep/worker.metrics.sql
-- What /metrics shows of the tables, per organisation. Asked for at most every few seconds.
create or replace function worker.metrics()
returns table (
  organization text, waiting integer, sending integer, oldest_waiting_seconds integer, refused integer, given_up integer,
  breaker text, accepted integer,
  deferred integer, oldest_deferred_seconds integer, disputed integer
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.slug, coalesce(p.waiting, 0), coalesce(p.sending, 0), coalesce(p.oldest, 0), f.refused, f.given_up,
    coalesce(b.state::text, 'closed'), coalesce(p.accepted, 0), d.deferred, coalesce(d.oldest, 0), f.disputed
  from registry.organizations as g
  left join sync.breakers as b on b.organization_id = g.id
  left join lateral (
    select count(*) filter (where known.state = 'pending' and known.waits_for_conflict_id is null)::integer as waiting,
      count(*) filter (where known.state = 'sending')::integer as sending,
      extract(epoch from clock_timestamp() - min(known.created_at) filter (where known.waits_for_conflict_id is null))::integer as oldest,
      count(*) filter (where known.accepted_until is not null and known.waits_for_conflict_id is null)::integer as accepted,
      count(known.waits_for_conflict_id)::integer as disputed
    from sync.pushes as known where known.organization_id = g.id and known.settled_at is null
  ) as p on true
  cross join lateral (
    select count(*) filter (where known.state = 'rejected')::integer as refused,
      count(*) filter (where known.state = 'given_up' and known.waits_for_conflict_id is null)::integer as given_up,
      count(known.waits_for_conflict_id)::integer + coalesce(p.disputed, 0) as disputed
    from sync.pushes as known where known.organization_id = g.id and known.state in ('rejected', 'given_up')
  ) as f
  cross join lateral (
    select count(*)::integer as deferred, extract(epoch from clock_timestamp() - min(o.received_at))::integer as oldest
    from registry.observations as o where o.organization_id = g.id and o.outcome = 'deferred'
  ) as d
$$;
comment on function worker.metrics is 'Out: per organisation, changes that wait, that are being sent, the age in seconds of the oldest, changes refused and given up, the breaker, changes taken in (202, a file, the worklist) but not yet carried out, and logins whose decision was put off, with the age in seconds of the oldest; disputed: changes that wait for a case, also those that were given up before, counted nowhere else.';
grant execute on function worker.metrics to sync_worker;
-- end db/functions/upkeep/worker.metrics.sql

-- begin db/functions/erasure/worker.missing_erasures.sql
-- Asked at every start of a program (private.missing_erasures).
create or replace function worker.missing_erasures(erasure_ids uuid[], organizations text[])
returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.missing_erasures(missing_erasures.erasure_ids, missing_erasures.organizations)
$$;
comment on function worker.missing_erasures is 'In: erasures of the ledger outside the database, and beside each its organisation (slug). Out: those that the database does not know: it is an older backup, and must not be used.';
grant execute on function worker.missing_erasures to sync_worker;
-- end db/functions/erasure/worker.missing_erasures.sql

-- begin db/functions/keys/worker.numbers_to_renew.sql
-- What has to be made anew while a key turns over, a page of a table at a time: by id, so that whoever was stopped goes on where he was.
-- Rows that need nothing are in the page too, without their number, so that a page says how far it goes.
create or replace function worker.numbers_to_renew(place text, after uuid, most integer, index_version text, sealing_kid text)
returns table (id uuid, nth integer, organization_id uuid, personnummer_index text, personnummer_sealed text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    with page(id, nth, organization_id, index, sealed) as (
      (select m.id, 1, m.organization_id, m.personnummer_index, m.personnummer_sealed from registry.members as m
       where numbers_to_renew.place = 'members' and (numbers_to_renew.after is null or m.id > numbers_to_renew.after)
       order by m.id limit least(numbers_to_renew.most, 1000))
      union all
      (select o.id, 1, o.organization_id, o.personnummer_index, o.personnummer_sealed from registry.observations as o
       where numbers_to_renew.place = 'observations' and (numbers_to_renew.after is null or o.id > numbers_to_renew.after)
       order by o.id limit least(numbers_to_renew.most, 1000))
      union all
      (select n.conflict_id, 1, c.organization_id, n.personnummer_index, n.personnummer_sealed
       from registry.offered_numbers as n join registry.conflicts as c on c.id = n.conflict_id
       where numbers_to_renew.place = 'offered_numbers' and (numbers_to_renew.after is null or n.conflict_id > numbers_to_renew.after)
       order by n.conflict_id limit least(numbers_to_renew.most, 1000))
      union all
      select r.id, number.nth::integer, r.organization_id, number.index, number.sealed
      from (select known.id, known.organization_id, known.before from registry.resolutions as known
            where numbers_to_renew.place = 'resolutions' and (numbers_to_renew.after is null or known.id > numbers_to_renew.after)
            order by known.id limit least(numbers_to_renew.most, 1000)) as r
      cross join lateral unnest(array[(r.before).number, (r.before).survivor_number]) with ordinality
        as number(index, previous, sealed, masked, source, at, nth)
    )
    select p.id, p.nth, p.organization_id, case when due.yes then p.index end, case when due.yes then p.sealed end
    from page as p
    cross join lateral (
      select p.sealed is not null and (split_part(p.index, '.', 1) <> numbers_to_renew.index_version
        or private.sealing_key(p.sealed) <> numbers_to_renew.sealing_kid) is true as yes) as due
    order by p.id, p.nth;
end
$$;
comment on function worker.numbers_to_renew is 'In: members, observations, offered_numbers or resolutions; the id after which to go on (null: from the first); most rows; the version of the index secret and the kid of the sealing key that every number should have (null: any). Out: the next rows by id; those that are due with their number.';
grant execute on function worker.numbers_to_renew to sync_worker;
-- end db/functions/keys/worker.numbers_to_renew.sql

-- begin db/functions/login/worker.process_observation.sql
-- A deferred observation is decided after all. Faults are not caught here: the job fails, and graphile-worker tries again.
create or replace function worker.process_observation(observation_id uuid, out outcome text, out traceparent text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
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
  outcome := o.outcome;
  traceparent := o.traceparent;
end
$$;
comment on function worker.process_observation is 'In: a deferred observation. Out: its outcome, now decided, and the step of a trace that handed it over. Raises PN004 for an unknown id.';
grant execute on function worker.process_observation to sync_worker;
-- end db/functions/login/worker.process_observation.sql

-- begin db/functions/pushes/worker.put_back_push.sql
-- A worker has no slot left for this organisation: the push keeps a job, and the others' pushes their slots.
create or replace function worker.put_back_push(push_id uuid)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from sync.pushes as p where p.id = put_back_push.push_id and p.settled_at is null) then
    perform private.put_off_claim(put_back_push.push_id, 'no_slot');
  end if;
end
$$;
comment on function worker.put_back_push is 'In: a push that was fetched and cannot be begun. Queues it again.';
grant execute on function worker.put_back_push to sync_worker;
-- end db/functions/pushes/worker.put_back_push.sql

-- begin db/functions/erasure/worker.read_erasure.sql
-- What the worker has to know to carry an erasure out: what is written into the ledger before, and into the receipt after.
create or replace function worker.read_erasure(erasure_id uuid)
returns table (
  id uuid, organization text, organization_name text, state text, announced_at timestamptz, recorded_at timestamptz,
  erased_at timestamptz, counts jsonb, removal text, has_receipt boolean, records jsonb
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.id, g.slug, g.name, e.state::text, e.announced_at, e.recorded_at, e.erased_at, e.counts, e.removal::text,
    e.receipt_digest is not null,
    (select jsonb_agg(jsonb_build_object('member_id', r.member_id, 'external_id_digest', encode(r.external_id_digest, 'hex')) order by r.member_id)
     from audit.erased_records as r where r.erasure_id = e.id)
  from audit.erasures as e join registry.organizations as g on g.id = e.organization_id
  where e.id = read_erasure.erasure_id
$$;
comment on function worker.read_erasure is 'In: an erasure. Out: whose member it was, how far it is, what was erased by table, whether its receipt was made, and its records: member_id and external_id_digest (hex). Names nobody.';
grant execute on function worker.read_erasure to sync_worker;
-- end db/functions/erasure/worker.read_erasure.sql

-- begin db/functions/drift/worker.readable_organizations.sql
-- Which member systems can be read at all, for the nightly comparison.
create or replace function worker.readable_organizations()
returns table (organization text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.slug from sync.member_systems as s
  join registry.organizations as g on g.id = s.organization_id
  where s.kind = 'http' and s.read_url_template is not null
  order by g.slug
$$;
comment on function worker.readable_organizations is 'Out: the organisations (slugs) whose member systems show their members.';
grant execute on function worker.readable_organizations to sync_worker;
-- end db/functions/drift/worker.readable_organizations.sql

-- begin db/functions/upkeep/worker.sweep.sql
-- What cannot wait for the minute of reconcile: workers that fell silent lose their locks, pushes whose lease ran out get a job,
-- and breakers whose pause is over a probe. Every worker calls this every few seconds; one at a time does the work.
create or replace function worker.sweep()
returns table (what text, queued integer)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_dead text[];
begin
  if not pg_try_advisory_xact_lock(hashtextextended('worker.sweep', 0)) then
    return;
  end if;
  with dead as (
    delete from sync.workers as w where w.seen_at < clock_timestamp() - private.lease() returning w.pool_id
  )
  select array_agg(d.pool_id) into v_dead from dead as d;
  if v_dead is not null then
    perform graphile_worker.force_unlock_workers(v_dead);
    return query select 'worker_lost'::text, cardinality(v_dead);
  end if;
  return query
    select 'push_personnummer'::text, private.requeue('push_personnummer', array(
      select p.id from sync.pushes as p where p.state = 'sending' and p.lease_expires_at < clock_timestamp()
      order by p.lease_expires_at limit 200));
  return query select 'probe'::text, private.send_probes();
end
$$;
comment on function worker.sweep is 'Out: workers that were lost, pushes that were queued again, probes that were sent. No row while another worker sweeps.';
grant execute on function worker.sweep to sync_worker;
-- end db/functions/upkeep/worker.sweep.sql

-- begin db/functions/upkeep/worker.reconcile.sql
-- The tables are the truth and the queue only a reminder. What is due and has no live job gets one again: jobs that were
-- dropped, used up, or locked by a worker that died. Run every minute.
create or replace function worker.reconcile()
returns table (what text, queued integer)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_swept integer;
begin
  select coalesce(sum(s.queued) filter (where s.what = 'push_personnummer'), 0) into v_swept from worker.sweep() as s;
  return query select 'lost_worker'::text, private.free_lost_jobs();
  return query select 'push_personnummer'::text, v_swept + private.requeue('push_personnummer', private.due_pushes());
  return query
    select 'process_observation'::text, private.requeue('process_observation', array(
      select o.id from registry.observations as o
      left join graphile_worker.jobs as j
        on j.key = 'process_observation:' || o.id and j.attempts < j.max_attempts and j.locked_at is null
      where o.outcome = 'deferred' and o.received_at < clock_timestamp() - interval '10 seconds' and j.key is null
      order by o.received_at limit 1000));
  return query
    select 'carry_out_erasure'::text, private.requeue('carry_out_erasure', array(
      select e.id from audit.erasures as e
      where (e.state = 'announced' or e.receipt_digest is null) and coalesce(e.erased_at, e.announced_at) < clock_timestamp() - interval '30 seconds'
      order by e.announced_at limit 1000));
  return query select 'count_failed'::text, private.fail_lost_counts();
  perform private.close_cases_of_erased();
  return query select 'leftover_job'::text, private.drop_leftover_jobs();
  return query select 'outage_case'::text, private.report_long_outages();
  return query select 'file_expired'::text, private.expire_files();
  return query select 'repetitions'::text, private.record_repetitions();
  perform private.erase_proposals(1000);
  delete from registry.consumed_transactions where expires_at < clock_timestamp() - interval '1 minute';
  -- A push whose attempt failed in the very moment in which a case about its number was opened. Last, because it locks pushes.
  perform private.hold_or_release_pushes(named.organization_id, named.member_ids) from (
    select c.organization_id, array_agg(distinct m.id) as member_ids
    from registry.conflicts as c cross join lateral unnest(c.candidates || c.member_id || c.other_member_id) as m(id)
    where c.closed_at is null and c.opened_at > clock_timestamp() - interval '5 minutes' and m.id is not null
    group by c.organization_id) as named;
end
$$;
comment on function worker.reconcile is 'Out: how many jobs were queued again, by task, and what else was put in order. Also forgets used login transactions that have expired, and what logins brought that were to be linked and were not redeemed.';
grant execute on function worker.reconcile to sync_worker;
-- end db/functions/upkeep/worker.reconcile.sql

-- begin db/functions/keys/worker.renew_numbers.sql
-- The same numbers under another key: nothing here counts as a change of a number, so nothing is pushed and no case opens. A row that has
-- changed since it was read, or that somebody holds at this moment, is left for the next round; so is a number that another record of the
-- organisation has under the new key already, which is a duplicate and nothing that a key can settle.
create or replace function worker.renew_numbers(place text, renewals jsonb)
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_renewed integer := 0;
  v record;
  v_number registry.number;
  v_cases uuid[];
  v_members uuid[];
  v_organizations uuid[] := array[]::uuid[];
  v_organization uuid;
begin
  for v in
    select r.* from jsonb_to_recordset(renew_numbers.renewals) as r(id uuid, nth integer, old_index text, index text, sealed text)
    order by r.id, r.nth
  loop
    v_organization := null;
    case renew_numbers.place
      when 'members' then
        continue when not private.free_members(array[v.id]);
        v_number := private.recorded_number(v.id);
        continue when v_number.index is distinct from v.old_index;
        select m.organization_id into v_organization from registry.members as m
        where m.id = v.id and not exists (
          select from registry.members as other
          where other.organization_id = m.organization_id and other.personnummer_index = v.index and other.id <> m.id);
        continue when not found;
        v_number.index := v.index;
        v_number.sealed := v.sealed;
        perform private.write_numbers(array[v.id], array[v_number]);
        update sync.pushes as p set personnummer_index = v.index
        where v.index <> v.old_index and p.organization_id = v_organization and p.member_id = v.id and p.personnummer_index = v.old_index;
      when 'observations' then
        select coalesce(array_agg(c.id), '{}'), array[o.member_id] || coalesce(array_agg(concerned.id), '{}') into v_cases, v_members
        from registry.observations as o
        left join registry.conflicts as c on c.organization_id = o.organization_id and c.personnummer_index = v.old_index
          and (c.member_id = o.member_id or c.observation_id = o.id)
        left join lateral unnest(c.candidates || c.member_id || c.other_member_id) as concerned(id) on true
        where o.id = v.id group by o.id;
        continue when not found or not private.free_members(v_members);
        update registry.observations as o
        set personnummer_index = v.index, personnummer_sealed = v.sealed, personnummer_index_previous = case
          when v.index = v.old_index then o.personnummer_index_previous
          else v.old_index || array_remove(array_remove(o.personnummer_index_previous, v.index), v.old_index) end
        where o.id = v.id and o.personnummer_index = v.old_index
        returning o.organization_id into v_organization;
        continue when not found;
        perform private.renew_case_numbers(v_cases, v.old_index, v.index) where v.index <> v.old_index;
      when 'offered_numbers' then
        select c.candidates || c.member_id || c.other_member_id into v_members from registry.conflicts as c where c.id = v.id;
        continue when not private.free_members(v_members);
        update registry.offered_numbers as n
        set personnummer_index = v.index, personnummer_sealed = v.sealed, personnummer_index_previous = case
          when v.index = v.old_index then n.personnummer_index_previous
          else v.old_index || array_remove(array_remove(n.personnummer_index_previous, v.index), v.old_index) end
        where n.conflict_id = v.id and n.personnummer_index = v.old_index;
        continue when not found;
        select c.organization_id into v_organization from registry.conflicts as c where c.id = v.id;
        perform private.renew_case_numbers(array[v.id], v.old_index, v.index) where v.index <> v.old_index;
      when 'resolutions' then
        perform from registry.resolutions as r where r.id = v.id for no key update skip locked;
        continue when not found;
        select r.organization_id, number.index, number.previous, number.sealed, number.masked, number.source, number.at
        into v_organization, v_number.index, v_number.previous, v_number.sealed, v_number.masked, v_number.source, v_number.at
        from registry.resolutions as r
        cross join lateral unnest(array[(r.before).number, (r.before).survivor_number]) with ordinality
          as number(index, previous, sealed, masked, source, at, nth)
        where r.id = v.id and number.nth = v.nth and number.index = v.old_index;
        continue when not found;
        v_number.previous := case when v.index = v.old_index then v_number.previous else v.old_index || v_number.previous end;
        v_number.index := v.index;
        v_number.sealed := v.sealed;
        if v.nth = 1 then
          update registry.resolutions set before.number = v_number where registry.resolutions.id = v.id;
        else
          update registry.resolutions set before.survivor_number = v_number where registry.resolutions.id = v.id;
        end if;
      else
        raise exception 'There is no such place.' using errcode = 'invalid_parameter_value';
    end case;
    v_renewed := v_renewed + 1;
    v_organizations := v_organizations || v_organization;
  end loop;
  perform private.record_event('index_renewed', 'worker', g.id, 'Stored numbers were renewed under the current keys; the numbers are the same.',
    p_detail => jsonb_build_object('place', renew_numbers.place, 'numbers', count(*)))
  from unnest(v_organizations) as g(id) group by g.id;
  return v_renewed;
end
$$;
comment on function worker.renew_numbers is 'In: the place as in numbers_to_renew; for each number id, nth, its old index, the index and the sealed form under the current keys. Out: how many were renewed; the others are held by somebody, have changed meanwhile, or would be a duplicate.';
grant execute on function worker.renew_numbers to sync_worker;
-- end db/functions/keys/worker.renew_numbers.sql

-- begin db/functions/erasure/worker.replay_erasure.sql
-- A backup was restored that is older than an erasure of the ledger: it is carried out again, in the same way. A record that is not in the backup
-- was not there yet; an import must not bring it back all the same. Somebody who was let in again after that erasure has another record, under
-- another id, and keeps it. A second call changes nothing.
create or replace function worker.replay_erasure(erasure_id uuid, organization text, records jsonb)
returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
  v_organization_id constant uuid := (select g.id from registry.organizations as g where g.slug = replay_erasure.organization);
  v_member_ids constant uuid[] := array(select (r ->> 'member_id')::uuid from jsonb_array_elements(replay_erasure.records) as r);
  v_announced uuid;
begin
  if v_organization_id is null then
    return 'organization_unknown';
  elsif exists (select from audit.erasures as e where e.id = replay_erasure.erasure_id) then
    return 'known';
  elsif exists (select from registry.members as m where m.id = any (v_member_ids) and m.organization_id <> v_organization_id) then
    return 'other_organization'; -- nothing of ours wrote that line
  end if;
  -- What the backup itself had announced of these records comes first.
  for v_announced in
    select distinct m.erasure_id from registry.members as m
    where m.organization_id = v_organization_id and m.id = any (v_member_ids) and m.erasure_id is not null and m.erased_at is null
  loop
    perform private.carry_out_erasure(v_announced);
  end loop;
  perform private.lock_family(m.id) from registry.members as m
  where m.organization_id = v_organization_id and m.id = any (v_member_ids) order by m.id;
  insert into audit.erasures (id, organization_id, member_id, reason, requested_by)
  values (replay_erasure.erasure_id, v_organization_id, v_member_ids[1],
    'Erased before. The backup that was restored did not have it yet: replayed from the ledger.', private.actor());
  insert into audit.erased_records (member_id, organization_id, erasure_id, external_id_digest)
  select (r ->> 'member_id')::uuid, v_organization_id, replay_erasure.erasure_id, decode(r ->> 'external_id_digest', 'hex')
  from jsonb_array_elements(replay_erasure.records) as r
  on conflict do nothing;
  update registry.members as m set erasure_id = replay_erasure.erasure_id
  where m.organization_id = v_organization_id and m.id = any (v_member_ids) and m.erasure_id is null;
  update audit.erasures as e set recorded_at = clock_timestamp() where e.id = replay_erasure.erasure_id;
  perform private.record_event('erasure_replayed', 'operator', v_organization_id,
    'A backup was restored that is older than an erasure; the erasure is carried out again.', p_member_id => v_member_ids[1],
    p_detail => jsonb_build_object('erasure_id', replay_erasure.erasure_id, 'records', cardinality(v_member_ids)));
  perform private.carry_out_erasure(replay_erasure.erasure_id);
  return 'replayed';
end
$$;
comment on function worker.replay_erasure is 'In: an erasure as the ledger has it: id, organisation (slug), records (member_id, external_id_digest as hex). Out: replayed; known (nothing was to be done); organization_unknown; other_organization (a record is a member of another one: nothing was done).';
grant execute on function worker.replay_erasure to sync_worker;
-- end db/functions/erasure/worker.replay_erasure.sql

-- begin db/functions/drift/worker.report_drift.sql
-- A worker says how a record compares with the member system. A difference is a case, once; one that a
-- coordinator has settled by leaving theirs as it is does not come back. Agreement closes an open case.
create or replace function worker.report_drift(
  member_id uuid, recorded_index text, verdict text, live_indexes text[], live_masked text, as_sent boolean
)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
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
    return private.supersede_cases(array(
      select c.id from registry.conflicts as c
      where c.organization_id = m.organization_id and c.member_id = m.id and c.kind = 'drift' and c.closed_at is null
    ), 'worker', 'The member system agrees again.') <> '{}';
  else
    return private.open_drift_case(m, report_drift.verdict, report_drift.live_indexes, report_drift.live_masked, report_drift.as_sent);
  end if;
end
$$;
comment on function worker.report_drift is 'In: a member, the index it was compared by, the verdict (same, another, none, missing, unreadable), indexes (one for each version of the key) and masked form of the number over there, whether it is what was sent last. Out: whether a case was opened or closed.';
grant execute on function worker.report_drift to sync_worker;
-- end db/functions/drift/worker.report_drift.sql

-- begin db/functions/sealing/worker.sealing_metrics.sql
-- Sealing that stands still is noticed by the age of the oldest event without a leaf. What holds it back is a transaction that was given a
-- number and has not ended, in any database of the cluster: its lock on its own number shows it to everybody.
create or replace function worker.sealing_metrics()
returns table (tree_size bigint, signed_size bigint, oldest_unsealed_seconds double precision, held_by text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last audit.leaves;
  v_since timestamptz;
begin
  select l.* into v_last from audit.leaves as l order by l.leaf_index desc limit 1;
  select e.occurred_at into v_since from audit.events as e
  where (e.epoch, e.transaction_id, e.id) >
    (coalesce(v_last.epoch, 0), coalesce(v_last.transaction_id, '0'::xid8), coalesce(v_last.event_id, 0))
  order by e.epoch, e.transaction_id, e.id limit 1;
  return query
    select private.sealed_size(), coalesce((select max(c.tree_size) from audit.checkpoints as c), 0),
      greatest(coalesce(extract(epoch from clock_timestamp() - v_since), 0), 0)::double precision,
      case when v_since < clock_timestamp() - interval '1 minute' then private.horizon_holder() end;
end
$$;
comment on function worker.sealing_metrics is 'Out: how many events are sealed, how many of them a checkpoint covers, the age of the oldest event that is not sealed, and, when that is over a minute, which transaction holds sealing back.';
grant execute on function worker.sealing_metrics to sync_worker;
-- end db/functions/sealing/worker.sealing_metrics.sql

-- begin db/functions/sealing/worker.sealing_state.sql
-- What sealing goes on from. Also notices that the database was restored in another cluster, where transactions are counted from elsewhere:
-- then a new epoch begins before anything else is sealed.
create or replace function worker.sealing_state()
returns table (tree_size bigint, peaks bytea[], signed_size bigint, signed_note text, accepted_size bigint, lost_checkpoint text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_size bigint;
  v_epoch audit.epochs;
begin
  -- Before anything is read: whoever begins an epoch would wait for us, and we for them.
  perform audit.lock_sealing();
  perform audit.begin_epoch(w.reason, private.sealed_size(), null) from private.why_new_epoch() as w(reason) where w.reason is not null;
  v_size := private.sealed_size();
  select e.* into v_epoch from audit.epochs as e where e.reason = 'restore_accepted' order by e.epoch desc limit 1;
  return query
    select v_size, private.peaks(v_size), c.tree_size, c.signed_note, v_epoch.tree_size, v_epoch.lost_checkpoint
    from (select) as one
    left join lateral (select k.tree_size, k.signed_note from audit.checkpoints as k order by k.tree_size desc limit 1) as c on true;
end
$$;
comment on function worker.sealing_state is 'Out: how many events are sealed, the hashes of the subtrees they consist of, the newest checkpoint, and the last restore that somebody accepted: where it stood, and the checkpoint that was lost.';
grant execute on function worker.sealing_state to sync_worker;
-- end db/functions/sealing/worker.sealing_state.sql

-- begin db/functions/erasure/worker.store_receipt.sql
-- The receipt of an erasure waits here until it is fetched. It is made once.
create or replace function worker.store_receipt(erasure_id uuid, receipt text)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_organization_id uuid;
begin
  update audit.erasures as e set receipt_digest = sha256(convert_to(store_receipt.receipt, 'UTF8'))
  where e.id = store_receipt.erasure_id and e.state = 'erased' and e.receipt_digest is null
  returning e.organization_id into v_organization_id;
  if not found then
    return false;
  end if;
  insert into registry.erasure_receipts (erasure_id, organization_id, receipt)
  values (store_receipt.erasure_id, v_organization_id, store_receipt.receipt);
  return true;
end
$$;
comment on function worker.store_receipt is 'In: an erasure that was carried out, its receipt (a compact JWS). Out: whether it was stored (false: it has one already).';
grant execute on function worker.store_receipt to sync_worker;
-- end db/functions/erasure/worker.store_receipt.sql

-- begin db/functions/erasure/worker.take_receipt.sql
-- The operator's way (npm run member:erase -- --receipt FILE).
create or replace function worker.take_receipt(erasure_id uuid)
returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return private.give_receipt(take_receipt.erasure_id, 'operator');
end
$$;
comment on function worker.take_receipt is 'In: an erasure. Out: its receipt, given out now; null: it was given before, or is not there yet.';
grant execute on function worker.take_receipt to sync_worker;
-- end db/functions/erasure/worker.take_receipt.sql

-- begin db/functions/erasure/worker.unrecorded_erasures.sql
-- A ledger that was begun later, or lost its end, gets the erasures that it lacks (npm run erasures:replay).
create or replace function worker.unrecorded_erasures(erasure_ids uuid[])
returns table (id uuid, organization text, announced_at timestamptz, records jsonb)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.id, read.organization, read.announced_at, read.records
  from audit.erasures as e cross join lateral worker.read_erasure(e.id) as read
  where e.state = 'erased' and e.id <> all (unrecorded_erasures.erasure_ids) order by e.erased_at, e.id
$$;
comment on function worker.unrecorded_erasures is 'In: the erasures of the ledger. Out: those that were carried out here and do not stand in it, as worker.read_erasure.';
grant execute on function worker.unrecorded_erasures to sync_worker;
-- end db/functions/erasure/worker.unrecorded_erasures.sql

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
