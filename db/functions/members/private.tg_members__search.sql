-- Search has a table of its own: a login that fills a number then writes none of its indexes.
create or replace function private.tg_members__search()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if TG_OP = 'INSERT' then
    insert into registry.member_search (organization_id, member_id, names, birth_date)
    select m.organization_id, m.id, array_to_tsvector(private.search_words(concat_ws(' ', m.given_name, m.family_name))), m.birth_date
    from added as m;
    return null;
  end if;
  update registry.member_search
  set names = array_to_tsvector(private.search_words(concat_ws(' ', NEW.given_name, NEW.family_name))), birth_date = NEW.birth_date
  where organization_id = NEW.organization_id and member_id = NEW.id;
  return null;
end
$$;
comment on function private.tg_members__search is 'Keeps registry.member_search as registry.members is.';
create or replace trigger _200_search_added
after insert on registry.members referencing new table as added
for each statement execute function private.tg_members__search();
create or replace trigger _201_search_changed
after update on registry.members
for each row when (
  OLD.given_name is distinct from NEW.given_name or OLD.family_name is distinct from NEW.family_name
  or OLD.birth_date is distinct from NEW.birth_date)
execute function private.tg_members__search();
