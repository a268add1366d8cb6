-- What is wrong with an organisation's files as such is one case, however many changes wait.
create or replace function private.open_file_case(p_organization_id uuid, p_fingerprint text, p_error_code text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into registry.conflicts as c (organization_id, kind, fingerprint, detail)
  values (p_organization_id, 'member_system', p_fingerprint, jsonb_build_object('error_code', p_error_code))
  on conflict (organization_id, fingerprint) where state = 'open' do update set seen = c.seen + 1, last_seen_at = clock_timestamp();
end
$$;
comment on function private.open_file_case is 'In: an organisation, what is wrong (as fingerprint and as code). Opens the case, or counts it up.';
