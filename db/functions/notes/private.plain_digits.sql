-- Full-width, Arabic, Devanagari and all other decimal digits of Unicode as 0 to 9, spaces of every kind as one blank, dashes of every kind as
-- one hyphen, and without what nobody sees between them.
create or replace function private.plain_digits(p_text text)
returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  -- Where the ten digits of a script begin, but for those that NFKC folds (full-width, mathematical, circled, raised).
  c_zeros constant integer[] := array[
    1632, 1776, 1984, 2406, 2534, 2662, 2790, 2918, 3046, 3174, 3302, 3430, 3558, 3664, 3792, 3872, 4160, 4240, 6112, 6160, 6470, 6608, 6784,
    6800, 6992, 7088, 7232, 7248, 42528, 43216, 43264, 43472, 43504, 43600, 44016, 66720, 68912, 68928, 69734, 69872, 69942, 70096, 70384, 70736,
    70864, 71248, 71360, 71376, 71386, 71472, 71904, 72016, 72688, 72784, 73040, 73120, 73184, 73552, 90416, 92768, 92864, 93008, 93552, 123200,
    123632, 124144, 124401, 125264];
  v_text text;
begin
  if octet_length(p_text) = length(p_text) then
    return regexp_replace(p_text, '\s', ' ', 'g');
  end if;
  select translate(normalize(p_text, nfkc), string_agg(chr(z.code + d.digit), '' order by z.code, d.digit),
    repeat('0123456789', cardinality(c_zeros)))
  into v_text from unnest(c_zeros) as z(code) cross join generate_series(0, 9) as d(digit);
  v_text := regexp_replace(v_text,
    '[\u00AD\u0300-\u036F\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\u20D0-\u20FF\uFE00-\uFE0F\uFEFF]', '', 'g');
  v_text := regexp_replace(v_text, '[\u2010-\u2015\u2212\u2043\uFE58\uFE63\uFF0D]', '-', 'g');
  return regexp_replace(v_text, '[\s\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]', ' ', 'g');
end
$$;
comment on function private.plain_digits is 'In: a text. Out: the same with ASCII digits, blanks and hyphens, without invisible characters.';
grant execute on function private.plain_digits to audit_owner; -- private.holds_number calls it
grant execute on function private.plain_digits to billing_owner; -- checks of invoices ask it
