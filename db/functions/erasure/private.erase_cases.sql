-- Cases that name the person close, and what was written in them goes: texts of coordinators, numbers, what agreed and disagreed, and with
-- what it takes to undo a decision. That there was a case, of which kind, and how it was settled stays: it is counted.
create or replace function private.erase_cases(p private.person)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_cases integer;
  v_comments integer;
  v_decisions integer;
  v_offers integer;
begin
  perform from registry.conflicts as c where c.id = any (p.conflict_ids) order by c.id for update;
  perform private.supersede_cases(p.conflict_ids, 'worker', 'Somebody whom the case was about was erased.');
  delete from registry.conflict_comments as k where k.organization_id = p.organization_id and k.conflict_id = any (p.conflict_ids);
  get diagnostics v_comments = row_count;
  delete from registry.offered_numbers as n where n.conflict_id = any (p.conflict_ids);
  get diagnostics v_offers = row_count;
  update registry.resolutions as r set note = null, undo_note = null, before = null where r.conflict_id = any (p.conflict_ids);
  get diagnostics v_decisions = row_count;
  update registry.conflicts as c
  set erased_at = clock_timestamp(), fingerprint = 'erased ' || c.id, personnummer_index = null, personnummer_index_previous = '{}',
      number_seen_at = null, note = null, proposal.note = null, version = c.version + 1,
      detail = case when c.detail ? 'import_run_id' then jsonb_build_object('import_run_id', c.detail -> 'import_run_id') else '{}' end
  where c.id = any (p.conflict_ids);
  get diagnostics v_cases = row_count;
  return jsonb_build_object('registry.conflicts', v_cases, 'registry.conflict_comments', v_comments, 'registry.resolutions', v_decisions,
    'registry.offered_numbers', v_offers);
end
$$;
comment on function private.erase_cases is 'In: a locked person. Out: how many rows, by table.';
