-- A member takes the consent back.
create or replace function api.withdraw_my_consent()
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.withdraw_my_consent();
end;
comment on function api.withdraw_my_consent is 'With a member''s own access token. Out: {"providers": those whose consent is withdrawn, "number": removed (the member system is told), kept (it has another legal basis) or none}; or a refusal with code and message (HTTP 404, 409). Changes that were not sent yet are stopped.';
grant execute on function api.withdraw_my_consent to authenticated;
