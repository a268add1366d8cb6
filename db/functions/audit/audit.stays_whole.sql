-- By what these events say the audit itself is verified: which events were redacted, which restore was accepted, which row of audit.erasures is
-- the one that was written. They name nobody, so they are never redacted, whoever asks.
create or replace function audit.stays_whole(event text)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select stays_whole.event in ('events_redacted', 'restore_accepted', 'member_erased')
$$;
comment on function audit.stays_whole is 'In: the name of an event. Out: whether its sentence and details are never taken out.';
grant execute on function audit.stays_whole to registry_owner;
