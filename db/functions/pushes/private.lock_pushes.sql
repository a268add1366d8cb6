-- Those of some pushes that nobody else is busy with. A coordinator's retry of one change keeps no others from being sent; a worker asks for
-- what was left out on its own, and then waits for it.
create or replace function private.lock_pushes(p_ids uuid[], p_wait boolean)
returns uuid[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_wait then
    return array(select p.id from sync.pushes as p where p.id = any (p_ids) order by p.id for update);
  end if;
  return array(select p.id from sync.pushes as p where p.id = any (p_ids) order by p.id for update skip locked);
end
$$;
comment on function private.lock_pushes is 'In: pushes, whether to wait for what others have locked. Out: those that are locked now.';
