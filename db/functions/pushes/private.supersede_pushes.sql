-- A newer change of the same member makes waiting pushes obsolete. One that is being sent right now is left alone: the worker
-- sees for itself, when it reports, that the record has moved on.
create or replace function private.supersede_pushes(p_member_id uuid)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_push sync.pushes;
begin
  -- Hardly ever is there one, and looking costs a fraction of an UPDATE that finds nothing.
  if not exists (select from sync.pushes as p where p.member_id = p_member_id and p.state = 'pending') then
    return;
  end if;
  for v_push in
    update sync.pushes set state = 'superseded', settled_at = clock_timestamp(), next_attempt_at = null
    where member_id = p_member_id and state = 'pending'
    returning *
  loop
    perform private.record_push_event('push_superseded', v_push, 'The push was dropped: the record has changed since.');
  end loop;
end
$$;
comment on function private.supersede_pushes is 'In: a member. Marks the pushes that wait as superseded.';
