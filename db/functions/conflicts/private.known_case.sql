-- The case that a disagreement is known by: settled for good, or open. There may be several of the first kind, where a decision was taken
-- back and made again while the disagreement was a case of its own; the last one stands for all. A member's mismatch is known by its
-- number, under any version of the key that both sides know, and is the same one whoever else has that number by now.
create or replace function private.known_case(p_organization_id uuid, p_fingerprint text, p_member_id uuid, p_indexes text[])
returns uuid
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select known.id from (
    select c.id, 1 as rank, false as newest, c.closed_at from registry.conflicts as c
    where c.organization_id = p_organization_id and c.fingerprint = p_fingerprint
      and c.state = 'resolved' and c.decision in ('keep_existing', 'not_same_person')
    union all
    select c.id, 2, false, null from registry.conflicts as c
    where c.organization_id = p_organization_id and c.fingerprint = p_fingerprint and c.state = 'open'
    union all
    select c.id, case c.state when 'open' then 2 else 1 end, c.personnummer_index = p_indexes[1], c.closed_at from registry.conflicts as c
    where c.organization_id = p_organization_id and c.member_id = p_member_id and c.kind = 'mismatch'
      and (c.state = 'open' or c.state = 'resolved' and c.decision in ('keep_existing', 'not_same_person'))
      and (c.personnummer_index || c.personnummer_index_previous) && p_indexes
  ) as known
  order by known.rank, known.newest desc, known.closed_at desc limit 1
$$;
comment on function private.known_case is 'In: organisation, fingerprint; for a mismatch its member, and the number under all key versions that are known, the current one first (otherwise empty). Out: the case of that disagreement, settled and remembered, or else open; null: none.';
