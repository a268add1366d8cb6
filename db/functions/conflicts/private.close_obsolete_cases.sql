-- Records got other numbers: what coordinators were asked about them may have answered itself. Left open, such a case would offer to
-- merge people who have nothing in common any more. If the disagreement is seen again, it is a new case.
create or replace function private.close_obsolete_cases(
  p_organization_id uuid, p_member_ids uuid[], p_source text, p_except uuid default null
)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.supersede_cases(array(
    select c.id from registry.conflicts as c
    where c.organization_id = p_organization_id and c.closed_at is null and c.kind in ('mismatch', 'duplicate')
      and (c.member_id = any (p_member_ids) or c.other_member_id = any (p_member_ids))
      and c.id is distinct from p_except and private.is_obsolete(c, private.evidence_of_case(c))
  ), p_source, 'The numbers of the records changed.')
$$;
comment on function private.close_obsolete_cases is 'In: members whose numbers have changed, who changed them (audit source), a case that is being settled. Closes the open cases about these numbers that are obsolete.';
