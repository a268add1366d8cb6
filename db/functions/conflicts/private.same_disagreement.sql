-- What makes two sightings the same disagreement, said once. Either the fingerprint is the same (same kind, same people, same login); or
-- it is about a member's number, and the number is the same under any version of the key that both sides know, whoever else has it by now.
-- A case knows its disagreement while it is open, and for good once a coordinator has settled it so that it does not come back; but a
-- push that failed, a consent that was withdrawn, a member system that is out of order, a key or an
-- erasure that is proposed is each time a new one.
create or replace function private.same_disagreement(c registry.conflicts)
returns setof registry.conflicts
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select known.* from registry.conflicts as known
    where known.organization_id = c.organization_id and known.fingerprint = c.fingerprint and known.closed_at is null
    union all
    select known.* from registry.conflicts as known
    where known.organization_id = c.organization_id and known.fingerprint = c.fingerprint and known.state = 'resolved'
      and known.decision in ('keep_existing', 'not_same_person')
      and known.kind not in ('push_failed', 'consent_revoked', 'member_system', 'receiver_key', 'erasure')
    union all
    select known.* from registry.conflicts as known
    where c.kind in ('mismatch', 'drift')
      and known.organization_id = c.organization_id and known.member_id = c.member_id and known.kind = c.kind
      and (known.closed_at is null or known.state = 'resolved' and known.decision in ('keep_existing', 'not_same_person'))
      and (known.personnummer_index || known.personnummer_index_previous) && (c.personnummer_index || c.personnummer_index_previous);
end
$$;
comment on function private.same_disagreement is 'In: a case, stored or to be opened. Out: the cases about the same disagreement that are open, or settled and remembered; the case itself too, if it is one of them.';
