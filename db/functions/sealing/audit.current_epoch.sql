-- The default of audit.events.epoch. VOLATILE, so that an event that waited for a new epoch (audit.begin_epoch) sees it. Reading the table
-- keeps a lock on it until the transaction ends: that is how a new epoch waits for whoever writes in the old one.
create or replace function audit.current_epoch()
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((select e.epoch from audit.epochs as e order by e.epoch desc limit 1), 1);
end
$$;
comment on function audit.current_epoch is 'Out: the newest epoch; 1 where none is written down yet.';
grant execute on function audit.current_epoch to registry_owner;
