-- Whom a sealed value was sealed for stands in its header, for everybody to read (RFC 7516, section 7.1).
create or replace function private.sealing_key(p_sealed text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select convert_from(decode(rpad(h.text, (length(h.text) + 3) / 4 * 4, '='), 'base64'), 'utf8')::jsonb ->> 'kid'
  from (select translate(split_part(p_sealed, '.', 1), '-_', '+/') as text) as h
$$;
comment on function private.sealing_key is 'In: a compact JWE. Out: the id (kid) of the key it was sealed for.';
