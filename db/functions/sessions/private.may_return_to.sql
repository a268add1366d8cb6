-- A code goes only where the organisation has registered an app, and a coordinator's only to an app for coordinators: otherwise a fault in
-- the members' app would be one of the coordinators' too.
create or replace function private.may_return_to(p_organization_id uuid, p_audience registry.audience, p_client_id text, p_return_to text)
returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_client_id is null and p_audience = 'members' then
    return exists (select from registry.organizations as g where g.id = p_organization_id and p_return_to = any (g.return_to));
  end if;
  return exists (
    select from registry.oauth_clients as c
    where c.organization_id = p_organization_id and c.audience = p_audience and p_return_to = any (c.redirect_uris)
      and (p_client_id is null or c.client_id = p_client_id));
end
$$;
comment on function private.may_return_to is 'In: an organisation, for whom the app is, the app (null: the older address, which names none), the address a code is to be sent to. Out: whether it is registered for that.';
