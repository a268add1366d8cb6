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
