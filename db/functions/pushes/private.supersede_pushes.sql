-- A newer change of the same member makes a waiting push obsolete. One that is being sent right now is left alone: the worker
-- sees for itself, when it reports, that the record has moved on.
create or replace function private.supersede_pushes(p_member_id uuid)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes;
begin
  select known.* into p from sync.pushes as known where known.member_id = p_member_id and known.state = 'pending' for update;
  if p.id is not null then
    perform private.settle_pushes(array[p.id], array[p.http_status], array[p.error_code],
      'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
  end if;
end
$$;
comment on function private.supersede_pushes is 'In: a member. Settles the push that waits (there is one at most) as superseded.';
