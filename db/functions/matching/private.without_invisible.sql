-- Written by `npm run db:letters` from Unicode data.
-- Direction marks, zero-width characters and soft hyphens come along when somebody copies a name or an address.
create or replace function private.without_invisible(p_text text)
returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return regexp_replace(p_text collate "C",
    '[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e'
    '\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3'
    '\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+', '', 'g');
end
$$;
comment on function private.without_invisible is 'In: a text. Out: the same without characters that nobody sees.';
