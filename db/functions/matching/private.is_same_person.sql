-- The check of every match rule but the number's own: where something else points at a member, name and birth date must not say that it
-- is somebody else. What one side does not have says nothing.
create or replace function private.is_same_person(p_candidate private.candidate)
returns boolean
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (p_candidate.name is null or p_candidate.name = 'full') and p_candidate.birth_date_agrees is not false;
end
$$;
comment on function private.is_same_person is 'In: a candidate. Out: whether name and birth date agree, as far as both sides have them.';
