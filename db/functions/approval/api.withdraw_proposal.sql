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
