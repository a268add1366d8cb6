-- Whoever holds a member may take what is about that member in any order. Renewing keys can wait, logins cannot: it takes a row only where
-- every member that is concerned is free at this moment, and comes back for the others.
create or replace function private.free_members(p_member_ids uuid[])
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_wanted constant uuid[] := array(select distinct id from unnest(p_member_ids) as id where id is not null);
  v_held integer;
begin
  select count(*) into v_held
  from (select from registry.members as m where m.id = any (v_wanted) order by m.id for no key update skip locked) as held;
  return v_held = cardinality(v_wanted);
end
$$;
comment on function private.free_members is 'In: members (null among them is nobody). Out: whether all of them were free; they are locked then until the transaction ends.';
