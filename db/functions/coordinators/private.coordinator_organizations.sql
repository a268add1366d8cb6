-- What a coordinator may see is looked up at every request, so that removing a row in registry.coordinators works at once.
-- Policies call this once per query, wrapped in a scalar subquery. Claims are read only when PostgREST has verified the token; unset and
-- empty settings both deny. A token of Supabase Auth counts by its subject. One of our callback says for whom it is: a member's opens
-- nothing here, and a coordinator's only the organisation whose staff provider vouched, while its session lives.
create or replace function private.coordinator_organizations()
returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(c.organization_id), '{}')
  from (select nullif(current_setting('request.jwt.claims', true), '')::jsonb) as token(claims)
  join registry.coordinators as c on c.user_id::text = token.claims ->> 'sub'
  where case coalesce(token.claims -> 'app_metadata' ->> 'audience', '')
    when '' then true
    when 'coordinators' then exists (
      select from registry.sessions as s
      where s.id = (token.claims ->> 'session_id')::uuid and s.coordinator_id = c.user_id and s.organization_id = c.organization_id
        and s.ended_at is null and s.expires_at > now())
    else false
  end
$$;
comment on function private.coordinator_organizations is 'Out: the organisations that the caller of the API is a coordinator of.';
grant execute on function private.coordinator_organizations to authenticated;
