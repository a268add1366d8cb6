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
