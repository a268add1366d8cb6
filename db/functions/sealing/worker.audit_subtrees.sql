-- The worker compares the tree with the checkpoint that it keeps outside the database.
create or replace function worker.audit_subtrees(levels integer[], indexes bigint[])
returns bytea[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.subtree_hashes(audit_subtrees.levels, audit_subtrees.indexes)
$$;
comment on function worker.audit_subtrees is 'In and out: as private.subtree_hashes.';
grant execute on function worker.audit_subtrees to sync_worker;
