-- A coordinator has made a new pair of keys in the browser, and hands over the public one.
create or replace function api.propose_receiver_key(organization text, public_jwk jsonb)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.propose_receiver_key(propose_receiver_key.organization, propose_receiver_key.public_jwk);
end;
comment on function api.propose_receiver_key is 'In: an organisation (slug); a public JWK, X25519 or P-256. Out: a case of kind receiver_key, proposed, or settled where no second coordinator has to approve it; or a refusal with code and message (HTTP 404, 409, 422). The fingerprint (RFC 7638) is in its detail, and becomes the kid.';
grant execute on function api.propose_receiver_key to authenticated;
