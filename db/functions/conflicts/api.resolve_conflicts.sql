-- One decision about many cases that ask the same question.
create or replace function api.resolve_conflicts(conflict_ids uuid[], decision text, note text, expected_versions integer[])
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.resolve_conflicts(
    resolve_conflicts.conflict_ids, resolve_conflicts.decision, resolve_conflicts.note, resolve_conflicts.expected_versions);
end;
comment on function api.resolve_conflicts is 'In: up to 200 cases of one kind and class (api.open_conflicts.class), a decision, a note, beside each case the version that was decided on. Out: an array with the answer for each, as api.resolve_conflict gives it, in the same order; or, for all, a refusal with code and message (HTTP 422).';
grant execute on function api.resolve_conflicts to authenticated;
