-- A case about numbers is obsolete when the records have changed so that nothing of it is left. A mismatch: the record has the very number
-- by now, or none, which the next login fills. A duplicate: it has a number of its own, or nobody else has that number any more. Either: the
-- member withdrew the consent that the login's number came with, and it is erased (the retention task takes none from a case that may be decided).
create or replace function private.is_obsolete(c registry.conflicts, o registry.observations)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when c.kind in ('mismatch', 'duplicate') and o.number_erased_at is not null then true
    when o.personnummer_index is null then null
    when c.kind = 'mismatch' then m.personnummer_index is null or private.has_number(m, private.number_of(o))
    when c.kind = 'duplicate' then m.personnummer_index is not null or not private.has_number(other, private.number_of(o))
  end
  from registry.members as m
  left join registry.members as other on other.id = c.other_member_id
  where m.id = c.member_id
$$;
comment on function private.is_obsolete is 'In: a case, its evidence (private.evidence_of_case). Out: whether the numbers that the records have by now leave nothing to decide; null: not a case about numbers, or without one.';
