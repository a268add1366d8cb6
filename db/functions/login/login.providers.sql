-- What the callback needs to know of the organisations. Rows name the environment variable of a secret, never the secret.
create or replace function login.providers()
returns table (
  organization_id uuid, organization text, organization_name text, provider text, issuer text, client_id text,
  client_secret_env text, token_endpoint_auth_method text, scopes text[], authorization_params jsonb,
  id_token_signed_response_alg text, personnummer_from text, personnummer_claim text, consent_mode text, consent_scope text,
  minimum_acr text, capture boolean, return_to text[], personnummer_scope text, ask_number_when_missing boolean,
  lookup_client_id text, lookup_client_secret_env text, lookup_auth_method text, tokeninfo_endpoint text,
  capture_basis text, retention text, required_amr text[], clients jsonb
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.id, g.slug, g.name, p.provider::text, p.issuer, p.client_id, p.client_secret_env, p.token_endpoint_auth_method::text,
    p.scopes, p.authorization_params, p.id_token_signed_response_alg, p.personnummer_from::text, p.personnummer_claim,
    p.consent_mode::text, p.consent_scope, p.minimum_acr, g.capture, g.return_to,
    p.personnummer_scope, p.ask_number_when_missing, p.lookup_client_id, p.lookup_client_secret_env, p.lookup_auth_method::text,
    p.tokeninfo_endpoint, g.capture_basis, g.retention::text, p.required_amr,
    coalesce((select jsonb_agg(jsonb_build_object('client_id', c.client_id, 'redirect_uris', c.redirect_uris, 'name', c.name)
      order by c.client_id)
      from registry.oauth_clients as c
      where c.organization_id = g.id and c.audience = case p.provider when 'staff' then 'coordinators'::registry.audience else 'members' end), '[]')
  from registry.identity_providers as p
  join registry.organizations as g on g.id = p.organization_id
  where p.enabled
$$;
comment on function login.providers is 'Out: every enabled provider of every organisation, with where its logins may return to, for which apps, and whether numbers are captured.';
grant execute on function login.providers to auth_callback;
