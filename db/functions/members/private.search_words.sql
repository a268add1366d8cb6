-- What names are searched by: every word, in the shortest spelling, so that Aase finds Åse and Moe finds Mo.
create or replace function private.search_words(p_names text)
returns text[]
language sql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(distinct private.fold_spelling(w.word)), '{}')
  from unnest(string_to_array(private.name_letters(p_names), ' ')) as w(word)
  where w.word <> ''
$$;
comment on function private.search_words is 'In: names, or what a coordinator typed. Out: its words in the form that is compared.';
