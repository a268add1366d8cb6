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
