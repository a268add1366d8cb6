-- Whether a record has a number that was kept with a decision. As in private.has_number, under another version of the key the masked forms
-- are compared.
create or replace function private.is_number(m registry.members, p_number jsonb)
returns boolean
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations;
begin
  o.personnummer_index := p_number ->> 'index';
  o.personnummer_index_previous := '{}';
  o.personnummer_masked := p_number ->> 'masked';
  return o.personnummer_index is not null and private.has_number(m, o);
end
$$;
comment on function private.is_number is 'In: a member, a number as private.number_of has it. Out: whether the record has that number.';
