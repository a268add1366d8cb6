-- A point that is not on the curve is no key: the worker could seal nothing for it. y^2 = x^3 - 3x + b (FIPS 186-5, P-256).
create or replace function private.is_on_curve(p_x bytea, p_y bytea)
returns boolean
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_p constant numeric := 115792089210356248762697446949407573530086143415290314195533631308867097853951;
  c_b constant numeric := 41058363725152142129326129780047268409114441015993725554835256314039467401291;
  x numeric := 0;
  y numeric := 0;
begin
  for i in 0 .. 31 loop
    x := x * 256 + get_byte(p_x, i);
    y := y * 256 + get_byte(p_y, i);
  end loop;
  return x < c_p and y < c_p and (y * y - x * x * x + 3 * x - c_b) % c_p = 0;
end
$$;
comment on function private.is_on_curve is 'In: two coordinates of 32 bytes. Out: whether they are a point of P-256.';
