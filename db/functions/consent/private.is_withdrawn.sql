-- A login that is decided late, or linked later by a coordinator, may be older than the message that its consent was withdrawn. The link may
-- not have been there when the message came, so the messages themselves are asked.
create or replace function private.is_withdrawn(p_observation registry.observations)
returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from registry.revocations as r
    where r.organization_id = p_observation.organization_id and r.provider = p_observation.provider and r.subject = p_observation.subject
      and private.withdraws(r, p_observation));
end
$$;
comment on function private.is_withdrawn is 'In: an observation. Out: whether consent was withdrawn after that login, as the member or an unverified message said.';
