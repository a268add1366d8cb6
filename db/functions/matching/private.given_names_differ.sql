-- A family name is shared by a whole family. Initials and titles say nothing, and a name may stand in the other field.
create or replace function private.given_names_differ(p_given_1 text, p_family_1 text, p_given_2 text, p_family_2 text)
returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  g1 constant private.name_part := private.read_name(p_given_1);
  g2 constant private.name_part := private.read_name(p_given_2);
begin
  return g1.words <> '{}' and g2.words <> '{}'
    and not g1.spellings && (g2.spellings || (private.read_name(p_family_2)).spellings)
    and not g2.spellings && (g1.spellings || (private.read_name(p_family_1)).spellings);
end
$$;
comment on function private.given_names_differ is 'In: given and family name of two sides. Out: whether both have a given name, and these have nothing in common.';
