-- A decision can be taken back while nothing newer stands on it: the record unchanged since, the login where it was put, nobody
-- else with the number that would come back, and the same disagreement not open anew. What was sent cannot be unsent.
create or replace function private.why_not_undo(c registry.conflicts, r registry.resolutions)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  b constant registry.before_decision := r.before;
begin
  return case
    when c.id is null then 'not_found'
    when c.erased_at is not null or exists (
      select from registry.members as m
      where m.id = any (c.candidates || array[c.member_id, c.other_member_id, b.link_before, b.link_after]) and m.erasure_id is not null)
      then 'member_erased'
    when private.undo_until(c.kind, r.decision, r.decided_at) is null then 'not_resolved'
    when private.undo_until(c.kind, r.decision, r.decided_at) < now() then 'too_late'
    when (select count(*) >= 20 from registry.resolutions as known where known.conflict_id = c.id and known.undone_at is not null)
      then 'undone_too_often'
    when b.member_id is not null and b.version_after is distinct from (
      select m.version from registry.members as m where m.id = b.member_id) then 'newer_change'
    when (b.survivor_number).index is not null and not exists (
      select from registry.members as m where m.id = b.survivor and private.has_number(m, b.survivor_number)) then 'newer_change'
    when num_nonnulls(b.link_before, b.link_after) > 0 and b.link_after is distinct from (
      select private.linked_member(o) from registry.observations as o where o.id = c.observation_id) then 'newer_change'
    when exists ( -- the survivor is no more, and what went to it has gone on
      select from registry.members as m where m.id = b.survivor and m.merged_into is not null) then 'newer_change'
    when exists ( -- it would go back to a record that is no more, or ask about one
      select from registry.members as m
      where m.organization_id = c.organization_id and m.merged_into is not null
        and (m.id = b.link_before or m.id = any (b.excluded)
          or b.survivor is null and m.id = any (c.candidates || array[c.member_id, c.other_member_id]))) then 'newer_change'
    when r.decision = 'keep_existing' and private.is_obsolete(c, private.evidence_of_case(c)) then 'newer_change' -- there is nothing left to ask
    when exists ( -- somebody else has the number that would come back
      select from registry.members as m
      where m.organization_id = c.organization_id
        and (m.personnummer_index = (b.number).index
          or m.personnummer_masked = (b.number).masked and private.has_number(m, b.number)) -- under another key
        and m.id <> b.member_id
        and not ((b.survivor_number).index is not null and m.id = b.survivor)) then 'newer_change'
    when exists (select from private.same_disagreement(c) as other where other.closed_at is null) then 'newer_change'
  end;
end
$$;
comment on function private.why_not_undo is 'In: a locked case (null: not visible), its decision in force. Out: code of the refusal, null: go ahead.';
