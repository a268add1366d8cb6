-- A person has typed a change into the member system.
create or replace function api.mark_done(push_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.mark_done(mark_done.push_id);
end;
comment on function api.mark_done is 'In: a change of api.worklist. Out: the delivered push, or a refusal with code and message (HTTP 404, 409: it was done already, or the record has changed since).';
grant execute on function api.mark_done to authenticated;
