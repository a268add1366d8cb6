-- A coordinator puts a case off.
create or replace function api.postpone_conflict(conflict_id uuid, until date, note text)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.postpone_conflict(postpone_conflict.conflict_id, postpone_conflict.until, postpone_conflict.note);
end;
comment on function api.postpone_conflict is 'In: an open case; the day on which it is to come back (from tomorrow, within a year; null: it is no longer postponed); a note, which becomes a comment. Out: the case, or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.postpone_conflict to authenticated;
