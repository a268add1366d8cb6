-- A case knows its number by its index alone. What brought the number is renewed with its sealed form, and takes the case along; the older
-- index stays beside the new one, as where the same disagreement is seen again.
create or replace function private.renew_case_numbers(p_conflict_ids uuid[], p_old_index text, p_index text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update registry.conflicts as c
  set personnummer_index = p_index,
      personnummer_index_previous = p_old_index || array_remove(array_remove(c.personnummer_index_previous, p_index), p_old_index)
  where c.id = any (p_conflict_ids) and c.personnummer_index = p_old_index;
end
$$;
comment on function private.renew_case_numbers is 'In: cases, an index, and the same number''s index under the current key. Renews it where a case has it.';
