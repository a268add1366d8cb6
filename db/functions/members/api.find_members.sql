-- A coordinator looks for the member whose login or case is before them.
create or replace function api.find_members(query text, "limit" integer default 20)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.find_members(find_members.query, find_members."limit");
end;
comment on function api.find_members is 'In: words of a name (each from its beginning), a birth date (2.1.1980, 1980-01-02), a phone, an e-mail address or a member number; words and a birth date may be combined; at most how many (1 to 50). Out: {"members": [as in api.members, by name], "more": whether there are others}; or a refusal with code and message (HTTP 422). Never searches by personnummer.';
grant execute on function api.find_members to authenticated;
