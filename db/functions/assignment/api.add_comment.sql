-- A coordinator tells colleagues something about a case.
create or replace function api.add_comment(conflict_id uuid, text text)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.add_comment(add_comment.conflict_id, add_comment.text);
end;
comment on function api.add_comment is 'In: a case, a comment of at most 4000 characters, never with a number. Out: the comment''s id and time, or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.add_comment to authenticated;
