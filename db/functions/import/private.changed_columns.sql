-- The member system is right about contact details, also when it has none: what the file has a column for is taken over, what
-- it has no column for is left alone.
create or replace function private.changed_columns(p_columns text[], m registry.members, r private.imported_member)
returns text[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select array_remove(array[
    case when m.given_name is distinct from r.given_name and 'given_name' = any (p_columns) then 'given_name' end,
    case when m.family_name is distinct from r.family_name and 'family_name' = any (p_columns) then 'family_name' end,
    case when m.birth_date is distinct from r.birth_date and 'birth_date' = any (p_columns) then 'birth_date' end,
    case when m.email is distinct from r.email and 'email' = any (p_columns) then 'email' end,
    case when m.phone is distinct from r.phone and 'phone' = any (p_columns) then 'phone' end
  ], null)
$$;
comment on function private.changed_columns is 'In: columns the file has, the record, the row. Out: the columns that differ.';
