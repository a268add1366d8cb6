-- A register that has no Å writes A or Aa, one that has no Ø writes O or Oe. Both ways, and the letter itself, become the short one. Moe and Mo
-- become one too: the name is the weakest of the evidence, and a case for each Ødegård would be worse.
create or replace function private.fold_spelling(p_letters text)
returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_letters collate "C" !~ 'a[ae]|[ou]e' then
    return p_letters;
  end if;
  return regexp_replace(p_letters collate "C", '(a)[ae]+|(o)e+|(u)e+', '\1\2\3', 'g');
end
$$;
comment on function private.fold_spelling is 'In: small letters, Å as aa or a and so on. Out: the same in the shortest spelling.';
