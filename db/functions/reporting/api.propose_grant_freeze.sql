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
