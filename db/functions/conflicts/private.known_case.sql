-- The case that a disagreement is known by: settled for good, or open. There may be several of the first kind, where a decision was taken
-- back and made again while the disagreement was a case of its own; the last one stands for all. A member's mismatch is the same one
-- whoever else has the number by now.
create or replace function private.known_case(p_organization_id uuid, p_fingerprint text, p_mismatch_of uuid)
returns uuid
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select known.id from (
    select c.id, 1 as rank, c.closed_at from registry.conflicts as c
    where c.organization_id = p_organization_id and c.fingerprint = p_fingerprint
      and c.state = 'resolved' and c.decision in ('keep_existing', 'not_same_person')
    union all
    select c.id, 2, null from registry.conflicts as c
    where c.organization_id = p_organization_id and c.fingerprint = p_fingerprint and c.state = 'open'
    union all
    select c.id, 3, c.closed_at from registry.conflicts as c
    where c.organization_id = p_organization_id and c.member_id = p_mismatch_of and c.kind = 'mismatch'
      and (c.state = 'open' or c.state = 'resolved' and c.decision in ('keep_existing', 'not_same_person'))
      and regexp_replace(c.fingerprint, '^.* ', '') = regexp_replace(p_fingerprint, '^.* ', '')
  ) as known
  order by known.rank, known.closed_at desc limit 1
$$;
comment on function private.known_case is 'In: organisation, fingerprint, for a mismatch its member. Out: the case of that disagreement, settled and remembered, or else open; null: none.';
