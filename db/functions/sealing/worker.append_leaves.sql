-- The worker's batch becomes part of the tree, or nothing of it does: when another worker was first, or an event was redacted since it was read.
-- Then the worker asks again. No gap and no double leaf: numbers and events are unique, and the lock lets one in at a time.
create or replace function worker.append_leaves(
  first_index bigint, event_ids bigint[], redacted boolean[], salts bytea[], leaf_hashes bytea[],
  node_levels integer[], node_indexes bigint[], node_hashes bytea[]
)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform audit.lock_sealing();
  if private.sealed_size() <> append_leaves.first_index or exists (
    select from unnest(append_leaves.event_ids, append_leaves.redacted) as g(id, was_redacted)
    left join audit.events as e on e.id = g.id
    where e.id is null or (e.redacted_at is not null) <> g.was_redacted
  ) then
    return false;
  end if;
  insert into audit.leaves (leaf_index, event_id, leaf_hash, epoch, transaction_id)
  select append_leaves.first_index + g.place - 1, g.id, g.hash, e.epoch, e.transaction_id
  from unnest(append_leaves.event_ids, append_leaves.leaf_hashes) with ordinality as g(id, hash, place)
  join audit.events as e on e.id = g.id;
  insert into audit.salts (event_id, salt) select * from unnest(append_leaves.event_ids, append_leaves.salts);
  insert into audit.nodes (level, node_index, node_hash)
  select * from unnest(append_leaves.node_levels, append_leaves.node_indexes, append_leaves.node_hashes);
  return true;
end
$$;
comment on function worker.append_leaves is 'In: the place of the first leaf; for each event its id, whether it was redacted when it was read, its salt and its leaf; the subtrees of 256 leaves and more that are complete now. Out: whether they were appended.';
grant execute on function worker.append_leaves to sync_worker;
