-- A code is good for the app that it was given to, and for whoever began that login (RFC 6749, section 4.1.3; RFC 7636).
create or replace function private.code_is_for(p_given registry.code_request, p_presented registry.code_request)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    p_given.code_challenge = p_presented.code_challenge and p_given.client_id is not distinct from p_presented.client_id
    and (p_given.client_id is null or p_given.return_to = p_presented.return_to), false)
$$;
comment on function private.code_is_for is 'In: what the code was given for, what it is presented with (return_to: the redirect_uri of the token request, which only apps that came by /authorize send). Out: whether they agree.';
