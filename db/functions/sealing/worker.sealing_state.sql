-- What sealing goes on from. Also notices that the database was restored in another cluster, where transactions are counted from elsewhere:
-- then a new epoch begins before anything else is sealed.
create or replace function worker.sealing_state()
returns table (tree_size bigint, peaks bytea[], signed_size bigint, signed_note text, accepted_size bigint, lost_checkpoint text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_size bigint;
  v_epoch audit.epochs;
begin
  -- Before anything is read: whoever begins an epoch would wait for us, and we for them.
  perform audit.lock_sealing();
  perform audit.begin_epoch(w.reason, private.sealed_size(), null) from private.why_new_epoch() as w(reason) where w.reason is not null;
  v_size := private.sealed_size();
  select e.* into v_epoch from audit.epochs as e where e.reason = 'restore_accepted' order by e.epoch desc limit 1;
  return query
    select v_size, private.peaks(v_size), c.tree_size, c.signed_note, v_epoch.tree_size, v_epoch.lost_checkpoint
    from (select) as one
    left join lateral (select k.tree_size, k.signed_note from audit.checkpoints as k order by k.tree_size desc limit 1) as c on true;
end
$$;
comment on function worker.sealing_state is 'Out: how many events are sealed, the hashes of the subtrees they consist of, the newest checkpoint, and the last restore that somebody accepted: where it stood, and the checkpoint that was lost.';
grant execute on function worker.sealing_state to sync_worker;
