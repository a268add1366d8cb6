-- Records got other numbers: what coordinators were asked about them may have answered itself. Left open, such a case would offer to
-- merge people who have nothing in common any more. If the disagreement is seen again, it is a new case.
create or replace function private.close_moot_cases(
  p_organization_id uuid, p_member_ids uuid[], p_source text, p_except uuid default null
)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  c registry.conflicts;
begin
  for c in
    update registry.conflicts as known
    set state = 'superseded', superseded_by = 'The numbers of the records changed.', closed_at = clock_timestamp(), version = known.version + 1
    where known.organization_id = p_organization_id and known.state = 'open' and known.kind in ('mismatch', 'duplicate')
      and (known.member_id = any (p_member_ids) or known.other_member_id = any (p_member_ids))
      and known.id is distinct from p_except and private.is_moot(known)
    returning known.*
  loop
    perform private.record_event('case_superseded', p_source, c.organization_id, 'The case is moot: the numbers of the records changed.',
      p_member_id => c.member_id, p_observation_id => c.observation_id, p_conflict_id => c.id,
      p_detail => jsonb_build_object('kind', c.kind, 'version', c.version));
  end loop;
end
$$;
comment on function private.close_moot_cases is 'In: members whose numbers have changed, who changed them (audit source), a case that is being settled. Closes the open cases about these numbers that are moot.';
