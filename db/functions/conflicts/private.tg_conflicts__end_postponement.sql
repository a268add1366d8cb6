-- What somebody put off, or looks after, was the case as it was: one that has changed is back on the list, and one that is closed is nobody's.
create or replace function private.tg_conflicts__end_postponement()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  NEW.postponed_until := null;
  if NEW.closed_at is not null then
    NEW.assigned_to := null;
  end if;
  return NEW;
end
$$;
comment on function private.tg_conflicts__end_postponement is 'Before update: a case with a new version is no longer postponed, and a closed one is assigned to nobody.';
create or replace trigger _100_end_postponement before update of version on registry.conflicts
  for each row when (NEW.version <> OLD.version)
  execute function private.tg_conflicts__end_postponement();
