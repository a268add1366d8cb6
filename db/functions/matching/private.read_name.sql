-- What a given or a family name is compared by. Al Nouri, Al-Nouri and Alnouri are one name, so neighbours are also written together, as long as
-- one of them tells people apart. A word that says that the name is not known is no name.
create or replace function private.read_name(p_name text)
returns private.name_part
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  v_part private.name_part;
  v_letters text collate "C";
  v_word text collate "C";
  v_previous text collate "C" := '';
  v_tells boolean;
  v_previous_tells boolean := false;
  v_is_name boolean := false;
begin
  v_part.is_written := coalesce(btrim(p_name) <> '', false);
  v_part.words := '{}';
  v_part.spellings := '{}';
  if not v_part.is_written then
    return v_part;
  end if;
  v_letters := private.name_letters(p_name);
  foreach v_word in array string_to_array(v_letters, ' ') loop
    continue when v_word in ('', 'ukjent', 'ukendt', 'unknown', 'fnu', 'lnu');
    v_tells := private.tells_apart(v_word);
    if v_tells then
      v_part.words := v_part.words || private.fold_spelling(v_word);
    end if;
    if v_previous <> '' and (v_tells or v_previous_tells) then
      v_part.spellings := v_part.spellings || private.fold_spelling(v_previous || v_word);
    end if;
    v_is_name := v_is_name or v_tells or length(private.fold_spelling(v_word)) > 1 and v_word ~ '[aeiouy]';
    v_previous := v_word;
    v_previous_tells := v_tells;
  end loop;
  if v_is_name then
    v_part.whole := private.fold_spelling(replace(v_letters, ' ', ''));
  end if;
  v_part.spellings := v_part.words || v_part.spellings || case when v_part.words <> '{}' then array[v_part.whole] end;
  return v_part;
end
$$;
comment on function private.read_name is 'In: a given or a family name. Out: what it is compared by.';
