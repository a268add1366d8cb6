-- The reason for an erasure is kept when everything else is gone, so it must not say who it was.
create or replace function private.names_person(p_text text, m registry.members)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    exists (
      select from unnest(private.search_words(concat_ws(' ', m.given_name, m.family_name))) as w(word)
      where length(w.word) > 2 and w.word = any (private.search_words(p_text)))
    or length(m.external_id) > 2 and position(m.external_id in p_text) > 0
    or position(lower(m.email) in lower(p_text)) > 0
    or position(right(m.phone, 8) in regexp_replace(p_text, '[^0-9]', '', 'g')) > 0
    or private.read_birth_date(p_text) = m.birth_date, false)
$$;
comment on function private.names_person is 'In: a text, a member. Out: whether it has a word of the names, the member number, the e-mail address, the phone or the birth date.';
