-- The number that a person is to type in, sealed for the organisation's own key: not even this database can read it.
create or replace function api.fetch_number(push_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.fetch_number(fetch_number.push_id);
end;
comment on function api.fetch_number is 'In: a change of api.worklist. Out: the number as a compact JWE for the organisation''s receiver_key, or a refusal with code and message (HTTP 404, 409). Every call is audited; after the fifth within an hour they are counted.';
grant execute on function api.fetch_number to authenticated;
