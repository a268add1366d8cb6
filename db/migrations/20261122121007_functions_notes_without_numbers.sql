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
    ('already_linked', 409, 'The login is linked to a member already.'),
    ('member_merged', 409, 'The member was merged into another record. Use the surviving one.'),
    ('not_failed', 409, 'The push has not failed, or a later one has taken its place.'),
    ('name_one_thing', 422, 'Name one push, or up to a thousand, or one error code, or one case.'),
    ('not_waiting', 409, 'The change does not wait on the worklist any more.'),
    ('not_sealed_yet', 409, 'The number is not ready to be fetched. Try again in a minute; if it stays so, the operator must look at it.'),
    ('not_ready', 409, 'The file cannot be fetched or acknowledged: it is being written, or it is settled already.'),
    ('not_in_file', 422, 'One of the ids is not in this file. Nothing was acknowledged: look at the ids and do it again.'),
    ('not_resolved', 409, 'The case has no decision that could be undone.'),
    ('too_late', 409, 'A decision can be undone for 30 days.'),
    ('number_in_note', 422, 'The note holds eleven digits that may be a personnummer. Write it without them.'),
    ('newer_change', 409, 'Something newer depends on this decision. Undo or settle that first.')
$$;
comment on function private.refusals is 'Out: code, HTTP status and message of every refusal.';
-- end db/functions/private.refusals.sql

-- begin db/functions/private.acknowledge_sync_file.sql
-- Only changes that still wait in this file are settled: one that a newer change has overtaken is in a later file. A mistyped id would
-- turn a refusal into a delivery, so an id that is not in the file stops it all.
create or replace function private.acknowledge_sync_file(p_file_id uuid, p_refused text[])
returns jsonb
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  f constant sync.files := private.lock_file(p_file_id);
  p sync.pushes;
  v_external_id text;
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
    select m.external_id into v_external_id from registry.members as m where m.id = p.member_id;
    perform private.settle_filed_push(p, v_external_id = any (coalesce(p_refused, '{}')));
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
-- end db/functions/private.acknowledge_sync_file.sql

-- begin db/functions/api.worklist.sql
-- What a person has to type into a member system that has no interface, oldest first. The number itself is fetched for one
-- change at a time (api.fetch_number), sealed for the organisation's own key.
create or replace view api.worklist with (security_invoker = true) as
select
  p.id as push_id, g.slug as organization, p.member_id, m.external_id as member_external_id, m.given_name, m.family_name,
  case when m.personnummer_masked is null then 'remove' else 'set' end as change, m.personnummer_masked,
  p.accepted_until is not null and (s.receiver_key is not null or m.personnummer_masked is null) as ready, p.created_at as waiting_since
from sync.pushes as p
join registry.organizations as g on g.id = p.organization_id
join registry.members as m on m.id = p.member_id
join sync.member_systems as s on s.organization_id = p.organization_id and s.kind = 'worklist'
where p.settled_at is null;
comment on view api.worklist is 'Changes of the coordinator''s organisations that a person carries out: whether the number is to be set or removed, for whom, and whether it is ready to be fetched (a removal: to be carried out).';
grant select on api.worklist to authenticated;
-- end db/functions/api.worklist.sql

-- begin db/functions/private.why_not_note.sql
-- The notes of coordinators are the only text that people write into the database. Told not to, somebody pastes a personnummer all
-- the same; it is sent back rather than masked, so that the person knows. Eleven digits in the ways a number is written are enough:
-- without its control digits being right it is a mistyped one.
create or replace function private.why_not_note(p_note text)
returns text
language sql immutable
set search_path = ''
as $$
  select case when p_note ~ '(?<![0-9])([0-9]{2}[ .-]?){3}[^[:alnum:]]{0,3}[0-9]{3}[ .-]?[0-9]{2}(?![0-9])' then 'number_in_note' end
$$;
comment on function private.why_not_note is 'In: a coordinator''s note. Out: code of the refusal where it may hold a personnummer, null: go ahead.';
-- end db/functions/private.why_not_note.sql

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
  perform private.lock_number(o.organization_id, o.personnummer_masked) where o.personnummer_masked is not null;
  select known.* into m from registry.members as known
  where known.id = p_member_id and known.organization_id = o.organization_id for no key update;
  v_refusal := case
    when o.id is null or m.id is null then 'not_found'
    when private.linked_member(o) is not null then 'already_linked'
    when m.merged_into is not null then 'member_merged'
    else private.why_not_note(p_note)
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
  v_refusal constant text := coalesce(private.why_not_resolve(c, p_decision, p_expected_version), private.why_not_note(p_note));
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
  return private.describe_case(c);
end
$$;
comment on function private.undo_resolution is 'See api.undo_resolution.';
grant execute on function private.undo_resolution to authenticated;
-- end db/functions/private.undo_resolution.sql

-- begin db/functions/private.tg_member_systems__seal_anew.sql
-- What stands on a worklist is sealed once, and then waits for a person, for days. A key that comes later, or takes the place of one
-- that was lost, would not be used until then, and a number that nobody can open is none; so what waits is sealed again.
create or replace function private.tg_member_systems__seal_anew()
returns trigger
language plpgsql volatile
set search_path = ''
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
-- end db/functions/private.tg_member_systems__seal_anew.sql

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
