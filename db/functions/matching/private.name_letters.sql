-- Registers, passports and identity providers write one name differently: case, accents, Å, Aa or A, Ø, Oe or O, Þ or Th (ICAO 9303, part 3,
-- section 6), apostrophes of many forms, letters composed or decomposed. Here each letter is written out the long way (Å as aa, Ø as oe), because
-- Ås is a name and as an Arabic article; private.fold_spelling makes the long and the short way one. Nothing in here asks the database's locale.
-- The steps in the middle are for what is rare: other scripts, typographic punctuation, characters that nobody sees.
create or replace function private.name_letters(p_name text)
returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text text collate "C" := p_name;
begin
  if octet_length(v_text) > length(v_text) then
    v_text := normalize(translate(v_text, U&'\00B4\0384\1FBD\1FBF\1FFD', ''), nfkc); -- accents that stand for an apostrophe
    v_text := translate(v_text,
      'ÅÄÆÖØŒÜÞẞðÐđĐɖƉħĦıĸłŁŋŊŧŦǥǤƶƵʒƷəƏǝƎɨƗʉɄɵƟɓƁɗƊƙƘƴƳɔƆɛƐɩƖʋƲƒƑɣƔ',
      'åäæöøœüþßddddddhhikllnnttggzzzzaaaaiiuuoobbddkkyyooeeiivvffgg');
    v_text := replace(replace(replace(v_text, 'å', 'aa'), 'æ', 'ae'), 'ä', 'ae');
    v_text := replace(replace(replace(v_text, 'ø', 'oe'), 'ö', 'oe'), 'œ', 'oe');
    v_text := replace(replace(replace(v_text, 'ü', 'ue'), 'þ', 'th'), 'ß', 'ss');
    if octet_length(v_text) > length(v_text) then
      v_text := normalize(v_text, nfkd);
      if v_text ~ '[^\u0001-\u007f\u0300-\u036f]' then
        v_text := private.without_invisible(replace(private.lower_letters(v_text), 'ς', 'σ'));
        -- Apostrophes and what is written for one; marks of Greek, Hebrew and Arabic, which are written or not.
        v_text := regexp_replace(v_text, '[\u02b9-\u02bf\u02c8\u02ee\u2018-\u201b\u2032\u2035\ua78b\ua78c\u05f3\u055a\u0640'
          '\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed'
          '\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+', '', 'g');
        v_text := private.space_out_signs(v_text);
      end if;
      v_text := regexp_replace(v_text, '[\u0300-\u036f]+', '', 'g');
    end if;
  end if;
  v_text := lower(v_text);
  if v_text ~ '[^a-z ]' then
    -- The last two, the apostrophes of ASCII, have no counterpart and go.
    v_text := translate(v_text,
      E'\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f'
      '0123456789!"#$%&()*+,-./:;<=>?@[\\]^_{|}~''`', repeat(' ', 72));
  end if;
  return v_text;
end
$$;
comment on function private.name_letters is 'In: a name. Out: its letters, small and without accents, words parted by spaces.';
