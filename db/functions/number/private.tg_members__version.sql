-- Whoever changes a member record, however: the version rises, so that a stale view of it can be told from a fresh one. The same number under
-- another key is no change: it must not take away that a decision can be undone, nor end what a coordinator is about to decide. A new number
-- always brings when it came.
create or replace function private.tg_members__version()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_same registry.members;
begin
  if NEW.personnummer_index <> OLD.personnummer_index or NEW.personnummer_sealed <> OLD.personnummer_sealed then
    v_same := NEW;
    v_same.personnummer_index := OLD.personnummer_index;
    v_same.personnummer_sealed := OLD.personnummer_sealed;
    if v_same is not distinct from OLD and (NEW.personnummer_at is not null or split_part(NEW.personnummer_index, '.', 1) is distinct from
      split_part(OLD.personnummer_index, '.', 1) or NEW.personnummer_index = OLD.personnummer_index)
    then
      return NEW;
    end if;
  end if;
  NEW.version := OLD.version + 1;
  NEW.updated_at := clock_timestamp();
  return NEW;
end
$$;
comment on function private.tg_members__version is 'Trigger: counts the version of a member record.';

create or replace trigger _100_version
before update on registry.members
for each row execute function private.tg_members__version();
