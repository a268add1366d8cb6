-- The one statement that gives records that are there already another number, or none. Whether they may have it is the callers' question,
-- who hold the locks; that no two records of an organisation have one number is what the unique index says. A merge changes a record once:
-- the number goes in the statement that says where the record went.
create or replace function private.write_numbers(p_member_ids uuid[], p_numbers registry.number[], p_merged_into uuid default null)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update registry.members as m
  set personnummer_index = n.index, personnummer_sealed = n.sealed, personnummer_masked = n.masked, personnummer_source = n.source,
      personnummer_at = n.at, merged_into = p_merged_into
  from unnest(p_member_ids, p_numbers) as n(member_id, index, previous, sealed, masked, source, at)
  where m.id = n.member_id;
end
$$;
comment on function private.write_numbers is 'In: members, beside each its number (null, or fewer of them: none), and the record that they are merged into (null: none).';
