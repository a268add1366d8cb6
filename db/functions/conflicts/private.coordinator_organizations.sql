-- What a coordinator may see is looked up at every request, so that removing a row in registry.coordinators works at once.
-- Policies call this once per query, wrapped in a scalar subquery. No claim but the subject is read, and only when PostgREST
-- has verified the token; unset and empty settings both deny.
create or replace function private.coordinator_organizations()
returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(c.organization_id), '{}')
  from registry.coordinators as c
  where c.user_id::text = nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
$$;
comment on function private.coordinator_organizations is 'Out: the organisations that the caller of the API is a coordinator of.';
grant execute on function private.coordinator_organizations to authenticated;
