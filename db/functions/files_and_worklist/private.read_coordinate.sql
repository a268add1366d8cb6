-- The 32 bytes of a coordinate, written in base64url the one way in which they can be.
create or replace function private.read_coordinate(p_text text)
returns bytea
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_bytes bytea;
begin
  if p_text ~ '^[A-Za-z0-9_-]{43}$' then
    v_bytes := decode(translate(p_text, '-_', '+/') || '=', 'base64');
  end if;
  return case when translate(encode(v_bytes, 'base64'), '+/=', '-_') = p_text then v_bytes end;
end
$$;
comment on function private.read_coordinate is 'In: a coordinate of a JWK. Out: its 32 bytes; null: it is none.';
