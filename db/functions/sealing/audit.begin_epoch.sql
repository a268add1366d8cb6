-- Transaction numbers begin anew in another cluster, and restored events have the numbers of the old one. In a new epoch the order
-- (epoch, transaction, id) is true again. ALTER SEQUENCE waits for everybody who has written an event (audit.newest_epoch), so that no event of
-- the old epoch comes after one of the new; not for long, because logins wait behind it, and shorter than it takes PostgreSQL to notice a
-- deadlock with somebody who has written an event and then redacts: the next try comes in seconds.
create or replace function audit.begin_epoch(p_reason text, p_tree_size bigint, p_lost_checkpoint text)
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
declare
  v_epoch integer;
begin
  select coalesce(max(e.epoch), 0) + 1 into v_epoch from audit.epochs as e;
  -- The first one is what events have by default: nobody has to be waited for.
  if p_reason <> 'first' then
    -- Unlike setval, this is undone when the transaction is.
    execute format('alter sequence audit.newest_epoch restart with %s', v_epoch);
    perform nextval('audit.newest_epoch');
  end if;
  insert into audit.epochs (epoch, system_identifier, reason, tree_size, lost_checkpoint)
  values (v_epoch, audit.system_identifier(), p_reason, p_tree_size, p_lost_checkpoint);
  return v_epoch;
end
$$;
comment on function audit.begin_epoch is 'In: why, how many events are sealed, and the checkpoint that a restored backup lacks. Out: the new epoch.';
grant execute on function audit.begin_epoch to registry_owner;
