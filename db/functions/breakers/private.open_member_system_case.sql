-- What is wrong with a member system, or with the files for it, is one case of an organisation, however many changes wait.
create or replace function private.open_member_system_case(p_organization_id uuid, p_fingerprint text, p_detail jsonb)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
begin
  c.organization_id := p_organization_id;
  c.kind := 'member_system';
  c.fingerprint := p_fingerprint;
  c.detail := jsonb_strip_nulls(p_detail);
  perform private.open_case(c);
end
$$;
comment on function private.open_member_system_case is 'In: an organisation, what is wrong: as fingerprint, and as error_code and http_status. Opens the case, or counts it up.';
