-- However often it is refreshed, a coordinator's session ends a day after it was opened: the staff provider is then asked again, which knows who
-- has left. Who goes home in between signs in anew anyway, so that only a session that somebody else keeps going meets this end.
create or replace function private.session_end(p_audience registry.audience, p_opened_at timestamptz)
returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select least(now() + private.session_lifetime(p_audience), case p_audience when 'coordinators' then p_opened_at + interval '24 hours' end)
$$;
comment on function private.session_end is 'In: whose session, when it was opened. Out: when it ends unless it is refreshed from now on.';
