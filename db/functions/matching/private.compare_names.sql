-- Given and family name are swapped in some registers, so both orders are tried. One shared word is enough for each: middle
-- names come and go, and double names are shortened.
create or replace function private.compare_names(p_given_1 text, p_family_1 text, p_given_2 text, p_family_2 text)
returns private.name_agreement
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select case
    when cardinality(w.given_1 || w.family_1) = 0 or cardinality(w.given_2 || w.family_2) = 0 then null
    when (w.given_1 && w.given_2 or '{}' in (w.given_1, w.given_2)) and (w.family_1 && w.family_2 or '{}' in (w.family_1, w.family_2))
      and (w.given_1 || w.family_1) && (w.given_2 || w.family_2) then 'full'
    when w.given_1 && w.family_2 and w.family_1 && w.given_2 then 'full'
    when (w.given_1 || w.family_1) && (w.given_2 || w.family_2) then 'partial'
    else 'none'
  end::private.name_agreement
  from (select private.name_words(p_given_1) as given_1, private.name_words(p_family_1) as family_1,
               private.name_words(p_given_2) as given_2, private.name_words(p_family_2) as family_2) as w
$$;
comment on function private.compare_names is 'In: given and family name of two sides. Out: full, partial, none; null when one side has no name at all.';
