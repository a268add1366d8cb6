-- A push that was dropped because its record was merged is due again when the record is back.
create or replace function private.requeue_superseded(p_member_id uuid)
returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last sync.pushes;
begin
  select p.* into v_last from sync.pushes as p join registry.members as m on m.id = p.member_id
  where m.id = p_member_id and p.organization_id = m.organization_id
  order by p.created_at desc, p.id limit 1;
  if v_last.state = 'superseded' then
    return private.queue_push(p_member_id, v_last.observation_id, v_last.decided);
  end if;
  return null;
end
$$;
comment on function private.requeue_superseded is 'In: a member. Out: id of a new push if the last one was dropped, otherwise null.';
