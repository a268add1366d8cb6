-- What coordinators are asked about one login, whichever of its visits opened the case.
create or replace function private.open_cases_of_login(o registry.observations)
returns setof registry.conflicts
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select known.* from registry.conflicts as known join registry.observations as seen on seen.id = known.observation_id
    where known.organization_id = o.organization_id and known.closed_at is null and known.kind in ('ambiguous', 'name_mismatch')
      and (seen.issuer, seen.subject) = (o.issuer, o.subject)
    order by known.id for update of known;
end
$$;
comment on function private.open_cases_of_login is 'In: an observation of the login. Out: the open cases about whose login it is, locked.';
