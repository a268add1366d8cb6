-- What the worker seals for is a public key, X25519 or P-256. A private one is refused before anything else: it was meant for nobody. Some points
-- of X25519 have so small an order that no secret can be agreed on with them.
create or replace function private.why_not_key(p_jwk jsonb)
returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  x constant bytea := private.read_coordinate(p_jwk ->> 'x');
  y constant bytea := private.read_coordinate(p_jwk ->> 'y');
  c_small constant text[] := array[
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'];
begin
  return case
    when jsonb_typeof(p_jwk) is distinct from 'object' then 'key_unusable'
    when p_jwk ?| array['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] then 'key_is_private'
    when p_jwk ->> 'kty' = 'OKP' and p_jwk ->> 'crv' = 'X25519' and x is not null and not p_jwk ? 'y' then
      case when encode(set_byte(x, 31, get_byte(x, 31) & 127), 'hex') = any (c_small) then 'key_unusable' end
    when p_jwk ->> 'kty' = 'EC' and p_jwk ->> 'crv' = 'P-256' and private.is_on_curve(x, y) then null
    else 'key_unusable'
  end;
end
$$;
comment on function private.why_not_key is 'In: what is said to be a public JWK. Out: code of the refusal, null: the worker can seal for it.';
