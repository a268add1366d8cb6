-- Who was erased does not come back by the next export: whoever wants that says so, and a member number that the member system has still to be told
-- of waits for it. Nothing is changed of somebody who is about to be erased.
create or replace function private.why_not_import(p_run registry.import_runs, p_external_id text)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  m registry.members;
begin
  if not exists (select from audit.erased_records as r where r.organization_id = p_run.organization_id) then
    return null; -- nearly always
  elsif not exists (
    select from audit.erased_records as r
    where r.organization_id = p_run.organization_id
      and r.external_id_digest = private.digest_external_id(p_run.organization_id, p_external_id)) then
    return null;
  end if;
  select known.* into m from registry.members as known
  where known.organization_id = p_run.organization_id and known.external_id = p_external_id;
  return case
    when m.erasure_id is not null then 'member_being_erased'
    when m.id is null and not p_run.readmit then 'member_erased'
  end;
end
$$;
comment on function private.why_not_import is 'In: a run, a member number. Out: member_erased (it comes back only where the run says so), member_being_erased (the erasure, or the removal from the member system, is under way), or null: go ahead.';
