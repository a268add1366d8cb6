-- Writes the outcome of an observation that was stored before it could be decided.
create or replace function private.store_decision(o registry.observations)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  update registry.observations as u
  set outcome = o.outcome, member_id = o.member_id, requested_member_id = o.requested_member_id, told = o.told,
      explanation = o.explanation, settled_at = o.settled_at,
      absent_reason = o.absent_reason, personnummer_index = o.personnummer_index, personnummer_sealed = o.personnummer_sealed,
      personnummer_masked = o.personnummer_masked, personnummer_index_previous = o.personnummer_index_previous
  where u.id = o.id
$$;
comment on function private.store_decision is 'In: a decided observation. Updates its row.';
