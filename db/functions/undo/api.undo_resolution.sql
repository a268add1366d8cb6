-- Within 30 days a decision can be taken back, unless something newer depends on it.
create or replace function api.undo_resolution(conflict_id uuid, note text)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.undo_resolution(undo_resolution.conflict_id, undo_resolution.note);
end;
comment on function api.undo_resolution is 'In: a settled case, a note. Out: the case, open again, or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.undo_resolution to authenticated;
