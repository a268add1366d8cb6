-- Registers and identity providers spell the same name differently: case, accents, hyphens, Å or Aa, Ø or Oe, Æ or Ae.
-- Decomposing (NFKD) and dropping the marks makes Å an A and Ö an O; letters without a decomposition (Ø, Æ, the Sami ones)
-- are written out first; then the transcriptions are folded onto the same letters. Forgiving on purpose: this only checks, it never finds anybody.
create or replace function private.name_words(p_name text)
returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_remove(regexp_split_to_array(f.folded, U&'[\0001-/:-@[-`{-\00BF\2000-\206F]+'), ''), '{}')
  from (
    select regexp_replace(
      normalize(replace(replace(replace(translate(p_name,
        'ØøĐđŁłŊŋŦŧ', 'OoDdLlNnTt'), 'Æ', 'Ae'), 'æ', 'ae'), 'ß', 'ss'), nfkd),
      U&'[\0300-\036F''\2019.]', '', 'g') as plain
  ) as p
  cross join lateral (
    select replace(replace(replace(lower(p.plain collate "C"), 'aa', 'a'), 'ae', 'a'), 'oe', 'o') as folded
  ) as f
$$;
comment on function private.name_words is 'In: a name. Out: its words, folded so that spellings of one name are equal; empty for null.';
