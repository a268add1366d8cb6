-- What was proposed on evidence that has changed since: the case itself (its version), or the records and the login. A view asks it with the
-- rights of its reader.
create or replace function private.proposal_is_outdated(p_conflict_id uuid)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select c.version > (c.proposal).version or private.digest_evidence(c.id, (c.proposal).member_id) <> (c.proposal).evidence
  from registry.conflicts as c where c.id = p_conflict_id;
end;
comment on function private.proposal_is_outdated is 'In: a proposed case. Out: whether its evidence has changed since.';
grant execute on function private.proposal_is_outdated to authenticated; -- called by api.approvals
