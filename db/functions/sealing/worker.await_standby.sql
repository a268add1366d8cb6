-- A checkpoint that was published and then lost in a failover is a rewritten history to every witness. So before signing, one commit that the
-- synchronous standby has confirmed: everything sealed so far was written before it. Somebody may have turned waiting off for this role.
create or replace function worker.await_standby()
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('synchronous_commit') in ('off', 'local', 'remote_write') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  perform pg_logical_emit_message(true, 'audit-seal', '');
end
$$;
comment on function worker.await_standby is 'Its commit returns when what is committed so far is on disk, here and on a synchronous standby where there is one.';
grant execute on function worker.await_standby to sync_worker;
