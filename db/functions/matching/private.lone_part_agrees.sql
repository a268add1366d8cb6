-- Where one side has but one of the two names: all its words must be found on the other side, one of them in the given name, because a family name
-- alone may be anybody's in the family. So a lone family name agrees only where it holds the whole name.
create or replace function private.lone_part_agrees(
  p_given_1 private.name_part, p_family_1 private.name_part, p_given_2 private.name_part, p_family_2 private.name_part
)
returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lone constant private.name_part := case when p_given_1.is_written then p_given_1 else p_family_1 end;
begin
  if p_given_2.is_written and p_family_2.is_written then
    return v_lone.spellings && p_given_2.spellings and v_lone.words <@ (p_given_2.spellings || p_family_2.spellings)
      and (p_given_1.is_written or v_lone.spellings && p_family_2.spellings);
  elsif p_given_1.is_written <> p_given_2.is_written then
    return false; -- a given name here, a family name there
  elsif p_given_1.is_written then
    return private.parts_agree(p_given_1, p_given_1, p_given_2, p_given_2);
  end if;
  return private.parts_agree(p_family_1, p_family_1, p_family_2, p_family_2);
end
$$;
comment on function private.lone_part_agrees is 'In: given and family name of two sides, one of which is not written on the first. Out: whether they agree.';
