-- Transactions are counted from elsewhere where the events came from a dump. PostgreSQL tells clusters apart by an identifier, which hosted
-- services may keep to themselves: then a sealed event of a transaction that this cluster has not come to yet says the same.
create or replace function private.why_new_epoch()
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when newest.epoch is null then 'first'
    when newest.system_identifier <> audit.system_identifier() then 'other_cluster'
    when (select l.epoch = newest.epoch and l.transaction_id >= pg_snapshot_xmax(pg_current_snapshot())
          from audit.leaves as l order by l.leaf_index desc limit 1) then 'other_cluster'
  end
  from (select) as one
  left join lateral (select e.* from audit.epochs as e order by e.epoch desc limit 1) as newest on true
$$;
comment on function private.why_new_epoch is 'Out: why a new epoch must begin before anything is sealed: first, or other_cluster; null when it need not.';
