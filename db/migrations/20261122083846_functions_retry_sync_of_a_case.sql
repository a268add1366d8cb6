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

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
