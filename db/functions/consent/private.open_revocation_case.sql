-- One open case for each login whose consent was withdrawn, for a coordinator to take note of.
create or replace function private.open_revocation_case(p_link registry.identity_links)
returns uuid
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into registry.conflicts as c (organization_id, kind, member_id, fingerprint, detail)
  values (p_link.organization_id, 'consent_revoked', p_link.member_id, 'consent_revoked ' || p_link.id,
    jsonb_build_object('provider', p_link.provider, 'verified', false))
  on conflict (organization_id, fingerprint) where state = 'open'
    do update set seen = c.seen + 1, last_seen_at = clock_timestamp()
  returning c.id
$$;
comment on function private.open_revocation_case is 'In: a link. Out: id of the open case.';
