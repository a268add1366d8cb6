-- Sealing that stands still is noticed by the age of the oldest event without a leaf. What holds it back is a transaction that was given a
-- number and has not ended, in any database of the cluster: its lock on its own number shows it to everybody.
create or replace function worker.sealing_metrics()
returns table (tree_size bigint, signed_size bigint, oldest_unsealed_seconds double precision, held_by text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last audit.leaves;
  v_since timestamptz;
begin
  select l.* into v_last from audit.leaves as l order by l.leaf_index desc limit 1;
  select e.occurred_at into v_since from audit.events as e
  where (e.epoch, e.transaction_id, e.id) >
    (coalesce(v_last.epoch, 0), coalesce(v_last.transaction_id, '0'::xid8), coalesce(v_last.event_id, 0))
  order by e.epoch, e.transaction_id, e.id limit 1;
  return query
    select private.sealed_size(), coalesce((select max(c.tree_size) from audit.checkpoints as c), 0),
      greatest(coalesce(extract(epoch from clock_timestamp() - v_since), 0), 0)::double precision,
      case when v_since < clock_timestamp() - interval '1 minute' then private.horizon_holder() end;
end
$$;
comment on function worker.sealing_metrics is 'Out: how many events are sealed, how many of them a checkpoint covers, the age of the oldest event that is not sealed, and, when that is over a minute, which transaction holds sealing back.';
grant execute on function worker.sealing_metrics to sync_worker;
