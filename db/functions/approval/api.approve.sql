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
