-- The reason for an erasure is kept when everything else is gone, so it must not say who it was. Many short words are names too (Bo, Li, Øy): one of
-- two letters counts where it is written with a capital letter, and any where the whole name is there.
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
    or cardinality(private.search_words(concat_ws(' ', m.given_name, m.family_name))) > 1
      and private.search_words(concat_ws(' ', m.given_name, m.family_name)) <@ private.search_words(p_text)
    or length(m.external_id) > 2 and position(m.external_id in p_text) > 0
    or position(lower(m.email) in lower(p_text)) > 0
    or position(right(m.phone, 8) in regexp_replace(p_text, '[^0-9]', '', 'g')) > 0
    or private.read_birth_date(p_text) = m.birth_date, false)
$$;
comment on function private.names_person is 'In: a text, a member. Out: whether it has a word of the names (a short one as it is written), the member number, the e-mail address, the phone or the birth date.';
