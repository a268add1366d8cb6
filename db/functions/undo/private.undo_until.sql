-- What was sent cannot be unsent, what is frozen stays, and a key is followed by another key: there is nothing to take back.
create or replace function private.undo_until(p_kind registry.conflict_kind, p_decision registry.decision, p_decided_at timestamptz)
returns timestamptz
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select p_decided_at + private.undo_time() where p_kind not in ('push_failed', 'receiver_key', 'erasure', 'grant_snapshot')
    and p_decision <> 'retry_sync';
end;
comment on function private.undo_until is 'In: kind of a case, its decision in force, when it was made. Out: until when it can be taken back; null: not at all.';
grant execute on function private.undo_until to authenticated; -- called by api.settled_conflicts
