-- A coordinator says whose login it is. What a login brought never changes; a case about it does.
create or replace function api.link_login(observation_id uuid, member_id uuid, note text default null, expected_version integer default null)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.link_login(link_login.observation_id, link_login.member_id, link_login.note, link_login.expected_version);
end;
comment on function api.link_login is 'In: a login that matched nobody with certainty (api.unlinked_logins), the member it belongs to, a note, the version of the open case about that login as the coordinator saw it (null: it was not decided on the page of a case). Out: the link, or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.link_login to authenticated;
