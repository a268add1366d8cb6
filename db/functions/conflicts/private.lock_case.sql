-- One case of private.lock_cases.
create or replace function private.lock_case(p_conflict_id uuid)
returns registry.conflicts
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
begin
  select locked.* into c from private.lock_cases(array[p_conflict_id]) as locked;
  return c;
end
$$;
comment on function private.lock_case is 'In: id of a case. Out: the case as it is once everything it concerns is locked; null when the caller may not see it.';
