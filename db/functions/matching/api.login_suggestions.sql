-- Where a coordinator begins to look for the member of a login.
create or replace function api.login_suggestions(observation_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.login_suggestions(login_suggestions.observation_id);
end;
comment on function api.login_suggestions is 'In: a login of api.unlinked_logins. Out: an array of the members that it might belong to, the likeliest first, each with what agreed and what disagreed; verified false: only an unverified phone or e-mail points there. Or a refusal with code and message (HTTP 404, 409).';
grant execute on function api.login_suggestions to authenticated;
