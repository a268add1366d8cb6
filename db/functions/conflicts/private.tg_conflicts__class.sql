-- A class is worked out when what it is made of changes, and not for each case of a list before the first page is cut.
create or replace function private.tg_conflicts__class()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  NEW.class := private.class_of_case(NEW.kind,
    private.decisions_of_case(NEW.kind, NEW.member_id, NEW.other_member_id, NEW.candidates, NEW.observation_id), NEW.detail);
  return NEW;
end
$$;
comment on function private.tg_conflicts__class is 'Before insert or update: keeps the class of the case.';
create or replace trigger _200_class
  before insert or update of kind, member_id, other_member_id, candidates, observation_id, detail on registry.conflicts
  for each row execute function private.tg_conflicts__class();
