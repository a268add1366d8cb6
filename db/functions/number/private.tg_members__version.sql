-- Whoever changes a member record, however: the version rises, so that a stale view of it can be told from a fresh one.
create or replace function private.tg_members__version()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  NEW.version := OLD.version + 1;
  NEW.updated_at := clock_timestamp();
  return NEW;
end
$$;
comment on function private.tg_members__version is 'Trigger: counts the version of a member record.';

create or replace trigger _100_version
before update on registry.members
for each row execute function private.tg_members__version();
