-- As private.lock_imported, for all waiting numbers at once. Only so many numbers can be locked one by one (max_locks_per_transaction);
-- where an export moves more, the records alone are locked, and whoever gives the same number to somebody else at this moment is told
-- apart by its unique index: private.settle_waiting is begun again then.
create or replace function private.lock_waiting(p_run registry.import_runs)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if (select count(*) from registry.waiting_numbers as w where w.run_id = p_run.id) <= 1000 then
    perform private.lock_number(p_run.organization_id, n.masked)
    from (select distinct w.personnummer_masked as masked from registry.waiting_numbers as w where w.run_id = p_run.id order by 1) as n;
  end if;
  perform from registry.members as m
  where m.organization_id = p_run.organization_id
    and m.external_id in (select w.external_id from registry.waiting_numbers as w where w.run_id = p_run.id)
  order by m.id for no key update;
end
$$;
comment on function private.lock_waiting is 'In: a run whose file has been read. Waits until no login is about to change the numbers or records that waiting numbers concern.';
