-- The reason for an erasure is kept when everything else is gone, so it must not say who it was. Many short words are names too (Bo, Li, Øy): one of
-- two letters counts where it is written with a capital letter, so does one of a single letter that is all of a given or a family name (not the
-- M. of a middle name), unless it begins the text and is a word (I, Å); and any where the whole name is there.
create or replace function private.names_person(p_text text, m registry.members)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    exists (
      select from unnest(private.search_words(concat_ws(' ', m.given_name, m.family_name))) as w(word)
      where length(w.word) > 2 and w.word = any (private.search_words(p_text))
        or length(w.word) = 2 and exists (
          select from regexp_split_to_table(p_text, '[[:space:][:punct:]]+') as t(said)
          where private.search_words(t.said) = array[w.word] and left(t.said, 1) !~ '[a-zæøåäöüéèêáàâóòô]'))
    or exists (
      select from unnest(array[m.given_name, m.family_name]) as n(name)
      join regexp_split_to_table(p_text, '[[:space:][:punct:]]+') with ordinality as t(said, place)
        on private.search_words(t.said) = private.search_words(n.name) and left(t.said, 1) !~ '[a-zæøåäöüéèêáàâóòô]'
          and (t.place > 1 or t.said not in ('A', 'I', 'Å'))
      where cardinality(private.search_words(n.name)) = 1 and length((private.search_words(n.name))[1]) = 1)
    or cardinality(private.search_words(concat_ws(' ', m.given_name, m.family_name))) > 1
      and private.search_words(concat_ws(' ', m.given_name, m.family_name)) <@ private.search_words(p_text)
    or length(m.external_id) > 2 and position(m.external_id in p_text) > 0
    or position(lower(m.email) in lower(p_text)) > 0
    or position(right(m.phone, 8) in regexp_replace(p_text, '[^0-9]', '', 'g')) > 0
    or private.read_birth_date(p_text) = m.birth_date, false)
$$;
comment on function private.names_person is 'In: a text, a member. Out: whether it has a word of the names (a short one as it is written), the member number, the e-mail address, the phone or the birth date.';
