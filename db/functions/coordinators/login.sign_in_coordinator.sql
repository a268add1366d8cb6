-- A login of the staff provider leaves no observation and touches no member. Who has signed in before is known by issuer and subject; who
-- has not must have been invited. The code makes a repeated call, whose answer was lost, the same call.
create or replace function login.sign_in_coordinator(
  organization text, issuer text, subject text, email text, email_verified boolean, code_hash bytea, code_challenge text, return_to text,
  client_id text default null, scope text[] default '{}', nonce text default null
)
returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  l constant registry.login_key := row(sign_in_coordinator.issuer, sign_in_coordinator.subject);
  r constant registry.code_request := row(sign_in_coordinator.return_to, sign_in_coordinator.code_hash, sign_in_coordinator.code_challenge,
    sign_in_coordinator.client_id, coalesce(sign_in_coordinator.scope, '{}'), sign_in_coordinator.nonce);
  v_organization_id constant uuid := (
    select g.id from registry.organizations as g
    join registry.identity_providers as p on p.organization_id = g.id and p.provider = 'staff' and p.enabled
    where g.slug = sign_in_coordinator.organization and p.issuer = sign_in_coordinator.issuer);
  c registry.coordinators;
begin
  if v_organization_id is null then
    raise exception 'The organisation has no such provider.' using errcode = 'PN001',
      hint = 'Providers are rows in registry.identity_providers.';
  end if;
  c := private.bound_coordinator(v_organization_id, l);
  if c.user_id is null and sign_in_coordinator.email_verified then
    c := private.use_invitation(v_organization_id, l, sign_in_coordinator.email);
  end if;
  if c.user_id is null then
    return private.refuse_sign_in(v_organization_id, sign_in_coordinator.email, sign_in_coordinator.email_verified);
  elsif private.open_coordinator_session(c, r) then
    return 'opened';
  end if;
  return 'refused';
end
$$;
comment on function login.sign_in_coordinator is 'In: organisation (slug), a verified login of its staff provider, what the app asked for and the new code. Out: opened; refused (the address is not registered, or the code was used); or why nobody is signed in: not_invited, email_not_verified, invitation_expired. Raises PN001.';
grant execute on function login.sign_in_coordinator to auth_callback;
