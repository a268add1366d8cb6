-- Cases that were obsolete while two records were one are questions again, but for those that somebody has asked anew since, that are about a
-- record which was merged since, or that the numbers have answered. A mismatch may also have been asked anew and settled for good.
create or replace function private.reopen_superseded(p_ids uuid[])
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_case registry.conflicts;
begin
  for v_case in
    update registry.conflicts as c
    set state = 'open', superseded_by = null, closed_at = null, version = version + 1
    where c.state = 'superseded' and c.id = any (p_ids)
      and private.is_obsolete(c, private.evidence_of_case(c)) is not true
      and not exists (
        select from registry.members as m
        where m.id = any (c.candidates || array[c.member_id, c.other_member_id]) and m.merged_into is not null)
      and not exists (select from private.same_disagreement(c) as known where known.closed_at is null or c.kind = 'mismatch')
    returning c.*
  loop
    perform private.record_case_event('case_reopened', v_case, 'The records were separated again; the case is open again.');
  end loop;
end
$$;
comment on function private.reopen_superseded is 'In: ids of cases that a merge closed. Opens those that are a question still, and not open by another case already.';
