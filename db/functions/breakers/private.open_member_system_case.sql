-- One case for an organisation, however many changes wait.
create or replace function private.open_member_system_case(p_breaker sync.breakers)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into registry.conflicts as c (organization_id, kind, fingerprint, detail)
  values (p_breaker.organization_id, 'member_system', 'member_system',
    jsonb_strip_nulls(jsonb_build_object('error_code', p_breaker.error_code, 'http_status', p_breaker.http_status)))
  on conflict (organization_id, fingerprint) where state = 'open'
    do update set seen = c.seen + 1, last_seen_at = clock_timestamp()
$$;
comment on function private.open_member_system_case is 'In: an open breaker. Opens the case of its organisation, or counts it up.';
