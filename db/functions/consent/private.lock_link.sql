-- A link as it is once its member is locked. While this waits for a merge the link may move to the surviving record, which is locked then,
-- and the first one no more: whoever waits for a record holds none that others may lock after it. (An exception gives the lock back.)
create or replace function private.lock_link(p_link_id uuid)
returns registry.identity_links
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  l registry.identity_links;
  v_locked uuid;
begin
  loop
    begin
      select known.member_id into v_locked from registry.identity_links as known where known.id = p_link_id;
      perform from registry.members as m where m.id = v_locked for no key update;
      select known.* into l from registry.identity_links as known where known.id = p_link_id;
      exit when l.id is null or l.member_id = v_locked;
      raise exception 'The link moved meanwhile.' using errcode = 'serialization_failure';
    exception when serialization_failure then
      null; -- once more, with the record that it has moved to
    end;
  end loop;
  return l;
end
$$;
comment on function private.lock_link is 'In: id of a link. Out: the link, its member locked; null when it is gone.';
