-- A link as it is once its member is locked. While this waits for a merge the link may move to the surviving record, which is locked then.
create or replace function private.lock_link(p_link_id uuid)
returns registry.identity_links
language plpgsql volatile
set search_path = ''
as $$
declare
  l registry.identity_links;
  v_locked uuid;
begin
  loop
    select known.* into l from registry.identity_links as known where known.id = p_link_id;
    exit when l.member_id is not distinct from v_locked;
    perform from registry.members as m where m.id = l.member_id for no key update;
    v_locked := l.member_id;
  end loop;
  return l;
end
$$;
comment on function private.lock_link is 'In: id of a link. Out: the link, its member locked; null when it is gone.';
