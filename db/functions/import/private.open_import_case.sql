-- A number that an import may not write becomes a case, the same one that a login with that number would open. What the
-- import brought is kept beside the case, sealed, for a coordinator who decides that it is right after all.
create or replace function private.open_import_case(p_run registry.import_runs, p_step private.import_step)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  r constant private.imported_member := p_step.imported;
  -- Of a record with a number of its own it is asked which number is right, also where another member has the other one.
  v_kind constant registry.conflict_kind := (case when exists (
    select from registry.members as m where m.id = p_step.member_id and m.personnummer_index is not null)
    then 'mismatch' else 'duplicate' end)::registry.conflict_kind;
  o registry.observations;
  c registry.conflicts;
begin
  o.organization_id := p_run.organization_id;
  o.member_id := p_step.member_id;
  o.personnummer_index := r.personnummer_index;
  o.personnummer_index_previous := coalesce(r.personnummer_index_previous, '{}');
  o.personnummer_masked := r.personnummer_masked;
  o.explanation := jsonb_build_object('import_run_id', p_run.id, 'line', r.line, 'personnummer', r.personnummer_masked);
  c := private.open_case_of_login(v_kind, o, p_step.member_id, p_step.other_member_id);
  if c.seen > 1 then
    -- What waits to be judged is kept under the keys of today.
    update registry.offered_numbers as n
    set personnummer_index = r.personnummer_index, personnummer_index_previous = o.personnummer_index_previous,
        personnummer_sealed = r.personnummer_sealed
    where n.conflict_id = c.id and n.personnummer_index = any (o.personnummer_index_previous);
    return;
  end if;
  insert into registry.offered_numbers
    (conflict_id, personnummer_index, personnummer_index_previous, personnummer_sealed, personnummer_masked)
  values (c.id, r.personnummer_index, o.personnummer_index_previous, r.personnummer_sealed, r.personnummer_masked);
  perform private.record_event('import_' || p_step.number, 'import', p_run.organization_id,
    case p_step.number
      when 'conflict' then format('An import brought another personnummer (%s) than the verified one; the record was left as it is.',
        r.personnummer_masked)
      else format('An import brought the personnummer %s, which another member has; it was not written.', r.personnummer_masked)
    end,
    p_member_id => p_step.member_id, p_conflict_id => c.id,
    p_push_id => (select p.id from sync.pushes as p where p.waits_for_conflict_id = c.id limit 1),
    p_detail => jsonb_strip_nulls(o.explanation || jsonb_build_object('other_member_id', p_step.other_member_id)));
end
$$;
comment on function private.open_import_case is 'In: a run, a step whose number is not written. Opens the case, or counts it up.';
