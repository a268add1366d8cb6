-- Decisions name who made them as the audit does; pages ask for the coordinator.
create or replace function private.user_of_actor(p_actor text)
returns uuid
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select substring(p_actor from '^coordinator:(.*)$')::uuid
$$;
comment on function private.user_of_actor is 'In: an actor (private.actor). Out: user id of the coordinator; null: it was none.';
grant execute on function private.user_of_actor to authenticated; -- called by views
