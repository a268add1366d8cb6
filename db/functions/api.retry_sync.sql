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
