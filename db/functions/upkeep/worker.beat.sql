-- A worker says that it lives and which pushes it is sending; their leases are renewed. It hears which of them it has lost, and
-- which organisations' jobs are not to be fetched.
create or replace function worker.beat(pool_id text, push_ids uuid[], fencing_tokens bigint[])
returns table (lost uuid[], forbidden_flags text[])
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into sync.workers as w (pool_id) values (beat.pool_id)
  on conflict on constraint workers_pkey do update set seen_at = clock_timestamp();
  with named as (
    select t.id, t.token from unnest(beat.push_ids, beat.fencing_tokens) as t(id, token)
  ), held as (
    update sync.pushes as p set lease_expires_at = clock_timestamp() + private.lease()
    from named as n
    where p.id = n.id and p.fencing_token = n.token and p.state = 'sending'
    returning p.id
  )
  select coalesce(array_agg(n.id), '{}') into lost from named as n where not exists (select from held as h where h.id = n.id);
  select coalesce(array_agg('org:' || b.organization_id), '{}') into forbidden_flags from sync.breakers as b where b.state <> 'closed';
  return next;
end
$$;
comment on function worker.beat is 'In: the name under which the worker locks its jobs, the pushes it is sending with their fencing tokens. Out: those that it holds no more, and the flags of jobs that must not be fetched.';
grant execute on function worker.beat to sync_worker;
