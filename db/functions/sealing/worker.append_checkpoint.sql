-- From here on the checkpoint is public. Nothing that another worker has overtaken is kept: the tree it signs is part of the newer one.
create or replace function worker.append_checkpoint(tree_size bigint, root_hash bytea, signed_note text, key_name text, verifier_keys text[])
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform audit.lock_sealing();
  if exists (select from audit.checkpoints as c where c.tree_size >= append_checkpoint.tree_size)
    or private.sealed_size() < append_checkpoint.tree_size
  then
    return false;
  end if;
  insert into audit.sealing_keys (verifier_key)
  select k.verifier_key from unnest(append_checkpoint.verifier_keys) as k(verifier_key)
  where not exists (select from audit.sealing_keys as known where known.verifier_key = k.verifier_key);
  insert into audit.checkpoints (tree_size, root_hash, signed_note, key_name)
  values (append_checkpoint.tree_size, append_checkpoint.root_hash, append_checkpoint.signed_note, append_checkpoint.key_name);
  return true;
end
$$;
comment on function worker.append_checkpoint is 'In: a signed checkpoint, and the public keys it is signed with. Out: whether it is the newest one now.';
grant execute on function worker.append_checkpoint to sync_worker;
