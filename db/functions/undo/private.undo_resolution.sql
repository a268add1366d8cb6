-- Taking a decision back: the record as it was, a compensating push, the case open again. What somebody else opens or takes while
-- this runs is met by a unique index; it is something newer too, and PostgreSQL's own words would show values.
create or replace function private.undo_resolution(p_conflict_id uuid, p_note text)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts := private.lock_case(p_conflict_id);
  r registry.resolutions;
  v_refusal text;
begin
  select known.* into r from registry.resolutions as known where known.conflict_id = c.id and known.undone_at is null;
  v_refusal := coalesce(private.why_not_undo(c, r), private.why_not_note(p_note));
  if v_refusal is not null then
    return private.refuse('undo_resolution', v_refusal, p_conflict_id);
  end if;
  begin
    perform private.restore_before(c, r.before);
    update registry.resolutions set undone_at = clock_timestamp(), undone_by = private.actor(), undo_note = p_note where id = r.id;
    update registry.conflicts
    set state = 'open', decision = null, decided_by = null, proposal = null, closed_at = null, version = version + 1
    where id = c.id
    returning * into c;
  exception when unique_violation then
    return private.refuse('undo_resolution', 'newer_change', p_conflict_id);
  end;
  perform private.record_case_event('case_reopened', c, 'A coordinator took the decision back; the case is open again.');
  -- The records may have got other numbers since: then the link is what comes back, and there is nothing to ask.
  perform private.close_obsolete_cases(c.organization_id, array[c.member_id], 'coordinator');
  select known.* into c from registry.conflicts as known where known.id = c.id;
  return private.describe_case(c);
end
$$;
comment on function private.undo_resolution is 'See api.undo_resolution.';
grant execute on function private.undo_resolution to authenticated;
