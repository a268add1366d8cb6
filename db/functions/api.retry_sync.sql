-- A coordinator has failed pushes tried again, at once: one, several, or all that failed for the same reason.
create or replace function api.retry_sync(push_id uuid default null, push_ids uuid[] default null, error_code text default null)
returns jsonb
language sql volatile
set search_path = ''
begin atomic
  select private.retry_sync(retry_sync.push_id, retry_sync.push_ids, retry_sync.error_code);
end;
comment on function api.retry_sync is 'In: a push of api.failed_syncs, or several, or the error_code that a thousand at most of them share. Out: for one, the push that is queued now; else how many were queued and how many were not; or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.retry_sync to authenticated;
