-- The change is to reach the member system. Row and job are written with the change itself, in one transaction: neither is
-- ever there without the other.
create or replace function private.queue_push(p_member_id uuid, p_observation_id uuid default null, p_decided boolean default false)
returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_push sync.pushes;
begin
  perform private.supersede_pushes(p_member_id);
  insert into sync.pushes (organization_id, member_id, observation_id, personnummer_index, decided)
  select m.organization_id, m.id, p_observation_id, m.personnummer_index, p_decided from registry.members as m where m.id = p_member_id
  returning * into strict v_push;
  if v_push.waits_for_conflict_id is null then
    perform private.enqueue('push_personnummer', v_push.id);
  end if;
  return v_push.id;
end
$$;
comment on function private.queue_push is 'In: a member whose number changed, the login that caused it, whether a coordinator decided on the number. Out: id of the push that will carry it.';
