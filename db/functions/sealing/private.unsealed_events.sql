-- Which events may be sealed now, in their order. An event of the current epoch may when its transaction is older than every transaction that
-- still runs: then nothing can come before it any more. Never by id: ids are given before the commit, and a long transaction's event comes late.
-- STABLE: all of it sees the snapshot of the statement that calls, and so do horizon and rows.
create or replace function private.unsealed_events(p_most integer)
returns setof audit.events
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last audit.leaves;
  v_epoch constant integer := coalesce((select max(e.epoch) from audit.epochs as e), 1);
  v_horizon constant xid8 := pg_snapshot_xmin(pg_current_snapshot());
begin
  select l.* into v_last from audit.leaves as l order by l.leaf_index desc limit 1;
  return query
    select e.* from audit.events as e
    where (e.epoch, e.transaction_id, e.id) >
        (coalesce(v_last.epoch, 0), coalesce(v_last.transaction_id, '0'::xid8), coalesce(v_last.event_id, 0))
      and (e.epoch < v_epoch or e.transaction_id < v_horizon)
    order by e.epoch, e.transaction_id, e.id limit p_most;
end
$$;
comment on function private.unsealed_events is 'In: how many at most. Out: the next events to be sealed, in the order (epoch, transaction, id).';
