-- A login is here what comes back each time: issuer and subject. Several cases may be about one, and none about one that is linked to
-- nobody; and where it brought no number, there is none that could be locked. So coordinators who decide whose login it is meet here
-- first, before anything else is locked.
create or replace function private.lock_login(p_observation_id uuid)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select pg_catalog.pg_advisory_xact_lock(
    pg_catalog.hashtextextended('login ' || o.organization_id || ' ' || o.issuer || ' ' || o.subject, 0))
  from registry.observations as o where o.id = p_observation_id
$$;
comment on function private.lock_login is 'In: an observation. Waits until no other coordinator is deciding whose login it is.';
