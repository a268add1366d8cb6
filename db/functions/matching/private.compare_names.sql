-- How far two names agree. Given and family name are swapped in some registers, so both orders are tried; some have the whole name in one of the
-- two. Forgiving of spelling and never of another name: this only checks, it finds nobody.
create or replace function private.compare_names(p_given_1 text, p_family_1 text, p_given_2 text, p_family_2 text)
returns private.name_agreement
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  g1 constant private.name_part := private.read_name(p_given_1);
  f1 constant private.name_part := private.read_name(p_family_1);
  -- Mostly the two sides are spelled alike, and reading is what costs.
  g2 constant private.name_part := case when p_given_2 = p_given_1 then g1 else private.read_name(p_given_2) end;
  f2 constant private.name_part := case when p_family_2 = p_family_1 then f1 else private.read_name(p_family_2) end;
begin
  return case
    when not (g1.is_written or f1.is_written) or not (g2.is_written or f2.is_written) then null
    when case
      when not (g1.is_written and f1.is_written) then private.lone_part_agrees(g1, f1, g2, f2)
      when not (g2.is_written and f2.is_written) then private.lone_part_agrees(g2, f2, g1, f1)
      else private.parts_agree(g1, f1, g2, f2) or private.parts_agree(g1, f1, f2, g2)
    end then 'full'
    when (g1.spellings || f1.spellings) && (g2.spellings || f2.spellings) then 'partial'
    else 'none'
  end::private.name_agreement;
end
$$;
comment on function private.compare_names is 'In: given and family name of two sides. Out: full, partial, none; null when one side has no name at all.';
