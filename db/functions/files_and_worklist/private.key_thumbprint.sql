-- How two people compare a public key over the telephone: RFC 7638. Only what the key itself is counts, in the order of the letters.
create or replace function private.key_thumbprint(p_public_jwk jsonb)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select translate(encode(sha256(convert_to('{' || (
    select string_agg(to_json(m.name)::text || ':' || (p_public_jwk -> m.name)::text, ',' order by m.nth)
    from unnest(array['crv', 'kty', 'x', 'y']) with ordinality as m(name, nth) where p_public_jwk ? m.name
  ) || '}', 'UTF8')), 'base64'), '+/=', '-_')
$$;
comment on function private.key_thumbprint is 'In: a public JWK (OKP or EC). Out: its thumbprint (SHA-256, base64url); null: no key.';
