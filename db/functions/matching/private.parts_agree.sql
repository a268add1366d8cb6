-- Whether two names agree as a whole, given name with given name. A family is many people with one family name, one phone and one e-mail address,
-- so the given name decides: Anne and Anne Marie may be one, Anne Marie and Anne Sofie are sisters. A word more on one side is a middle name that
-- comes and goes. Of the family name one shared word is enough, because double names are shortened.
create or replace function private.parts_agree(
  p_given_1 private.name_part, p_family_1 private.name_part, p_given_2 private.name_part, p_family_2 private.name_part
)
returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    p_given_1.spellings && p_given_2.spellings
      and (p_given_1.words <@ (p_given_2.spellings || p_family_2.spellings) or p_given_2.words <@ (p_given_1.spellings || p_family_1.spellings))
    or coalesce(p_given_1.whole = p_given_2.whole, false)
  ) and (
    p_family_1.spellings && p_family_2.spellings
    or coalesce(p_family_1.whole = p_family_2.whole, false)
  );
end
$$;
comment on function private.parts_agree is 'In: given and family name of two sides, all four written. Out: whether they agree in this order.';
