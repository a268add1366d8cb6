-- For an alarm that somebody can act on at once. A prepared transaction has no process; what somebody called it is not said.
create or replace function private.horizon_holder()
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when l.pid is not null then
      format('process %s of %s in database %s%s', l.pid, coalesce(a.usename, 'unknown'), coalesce(a.datname, 'unknown'), ', ' || a.state)
    when p.transaction is not null then
      format('a prepared transaction of %s in database %s, since %s', p.owner, p.database, to_char(p.prepared, 'YYYY-MM-DD HH24:MI TZ'))
    else 'a transaction that PostgreSQL does not show'
  end
  from pg_locks as l
  left join pg_stat_activity as a on a.pid = l.pid
  left join pg_prepared_xacts as p on p.transaction = l.transactionid
  where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted
    and l.transactionid = pg_snapshot_xmin(pg_current_snapshot())::xid
  limit 1
$$;
comment on function private.horizon_holder is 'Out: who has the oldest transaction that still runs, in any database of the cluster; null where none runs.';
