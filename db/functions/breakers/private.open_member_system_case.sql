-- What is wrong with a member system, or with the files for it, is one case of an organisation, however many changes wait.
create or replace function private.open_member_system_case(p_organization_id uuid, p_fingerprint text, p_detail jsonb)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into registry.conflicts as c (organization_id, kind, fingerprint, detail)
  values (p_organization_id, 'member_system', p_fingerprint, jsonb_strip_nulls(p_detail))
  on conflict (organization_id, fingerprint) where state = 'open'
    do update set seen = c.seen + 1, last_seen_at = clock_timestamp();
end
$$;
comment on function private.open_member_system_case is 'In: an organisation, what is wrong: as fingerprint, and as error_code and http_status. Opens the case, or counts it up.';
