-- The auditor's list, and the lists of those who do not count.
create or replace function api.grant_list(snapshot_id uuid, what text, after integer default 0, most integer default 500)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.grant_list(grant_list.snapshot_id, grant_list.what, grant_list.after, grant_list.most);
end;
comment on function api.grant_list is 'In: a snapshot; counted, not_counted, duplicates (probably one person) or places (municipality not known); the last row that is known; 1 to 1000. Out: {"rows": [...]}, without any personnummer; or a refusal with code and message (HTTP 404, 422).';
grant execute on function api.grant_list to authenticated;
