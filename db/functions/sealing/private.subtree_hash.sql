-- Roots and proofs are put together from complete subtrees. Large ones are kept (audit.nodes); small ones are hashed again, at most 255 nodes.
create or replace function private.subtree_hash(p_level integer, p_index bigint)
returns bytea
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_level >= 8 then
    return (select n.node_hash from audit.nodes as n where n.level = p_level and n.node_index = p_index);
  elsif p_level = 0 then
    return (select l.leaf_hash from audit.leaves as l where l.leaf_index = p_index);
  end if;
  return sha256('\x01'::bytea || private.subtree_hash(p_level - 1, 2 * p_index) || private.subtree_hash(p_level - 1, 2 * p_index + 1));
end
$$;
comment on function private.subtree_hash is 'In: a complete subtree of the sealed audit, 2 to the power of level leaves, the index-th of its level. Out: its hash (RFC 6962); null where the tree does not have it.';
