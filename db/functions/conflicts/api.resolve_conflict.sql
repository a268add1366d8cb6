-- A coordinator settles a case. Runs with the caller's rights; the rules, and the rights they need, are behind it.
create or replace function api.resolve_conflict(conflict_id uuid, decision text, note text, expected_version integer)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.resolve_conflict(
    resolve_conflict.conflict_id, resolve_conflict.decision, resolve_conflict.note, resolve_conflict.expected_version);
end;
comment on function api.resolve_conflict is 'In: case; one of its decisions (api.open_conflicts.decisions); a note; the version of the case that was decided on. Out: the settled case; where a second coordinator must approve, the proposed one; or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.resolve_conflict to authenticated;
