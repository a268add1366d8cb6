-- Whoever keeps witness asks the callback for a proof that the newest checkpoint goes on from theirs. Hashes only, at most a proof's worth.
create or replace function login.audit_subtrees(levels integer[], indexes bigint[])
returns bytea[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.subtree_hashes(audit_subtrees.levels[1:2000], audit_subtrees.indexes[1:2000])
$$;
comment on function login.audit_subtrees is 'In and out: as private.subtree_hashes, for the first 2000.';
grant execute on function login.audit_subtrees to auth_callback;
