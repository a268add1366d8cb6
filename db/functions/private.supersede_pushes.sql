-- A newer change of the same member makes waiting pushes moot. One that is being sent right now is left alone: the worker
-- sees for itself, when it reports, that the record has moved on.
create or replace function private.supersede_pushes(p_member_id uuid)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  v_push sync.pushes;
begin
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
