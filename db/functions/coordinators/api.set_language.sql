-- The language of the pages follows the coordinator, not the computer.
create or replace function api.set_language(language text)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.set_language(set_language.language);
end;
comment on function api.set_language is 'In: nb, nn, en, or null for what the browser asks. Out: the language, or a refusal with code and message (HTTP 404, 422).';
grant execute on function api.set_language to authenticated;
