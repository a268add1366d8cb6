-- Cases that were moot while two records were one are questions again, but for those that somebody has asked anew since.
create or replace function private.reopen_superseded(p_ids jsonb)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  v_case registry.conflicts;
begin
  for v_case in
    update registry.conflicts as c
    set state = 'open', superseded_by = null, closed_at = null, version = version + 1
    where c.state = 'superseded' and c.id in (select id::uuid from jsonb_array_elements_text(p_ids) as id)
      and not exists (
        select from registry.conflicts as twin
        where twin.organization_id = c.organization_id and twin.fingerprint = c.fingerprint and twin.state = 'open')
    returning c.*
  loop
    perform private.record_case_event('case_reopened', v_case, 'The records were separated again; the case is open again.');
  end loop;
end
$$;
comment on function private.reopen_superseded is 'In: ids of cases that a merge closed. Opens those that are not open by another case already.';
