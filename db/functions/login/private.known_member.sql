-- While matching is out of order, a person whose login was linked before still gets in. What broke matching may break this
-- look-up too; then the login is told to come back later, and the fault is on the observation already.
create or replace function private.known_member(p_observation registry.observations)
returns uuid
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return private.linked_member(p_observation);
exception when others then
  return null;
end
$$;
comment on function private.known_member is 'In: a deferred observation. Out: the member its login is linked to; null when there is none, or when it cannot be looked up.';
