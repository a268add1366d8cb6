-- What waits to be sent is dropped, also out of a file that nobody has fetched. Where a number has gone out, or is going out at this moment, the
-- member system is told to remove it, after what is being sent; where none has, there is nothing to tell, and the member number goes at once.
create or replace function private.erase_pushes(p private.person)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_told constant uuid[] := private.records_told_of(p);
  u sync.pushes;
  v_rows integer;
begin
  perform from sync.files as f
  where f.organization_id = p.organization_id and f.state in ('writing', 'ready') and exists (
    select from sync.pushes as k where k.id = any (p.push_ids) and k.settled_at is null and k.file_id is not null) for update;
  perform from sync.pushes as k where k.id = any (p.push_ids) order by k.id for update;
  for u in
    select k.* from sync.pushes as k
    where k.id = any (p.push_ids) and (k.state = 'pending' or k.state = 'given_up' and k.next_attempt_at is not null) order by k.id
  loop
    perform private.settle_push(u, 'superseded', 'push_superseded', 'The push was dropped: the person was erased.');
    perform private.withdraw_file(u.file_id) where u.file_id is not null;
  end loop;
  update sync.pushes as k set personnummer_index = null, number_erased_at = clock_timestamp()
  where k.id = any (p.push_ids) and k.personnummer_index is not null;
  get diagnostics v_rows = row_count;
  perform private.queue_push(told.id, p_decided => true) from unnest(v_told) as told(id);
  update registry.members as m set external_id = null where m.id = any (p.member_ids) and m.id <> all (v_told);
  return jsonb_build_object('sync.pushes', v_rows);
end
$$;
comment on function private.erase_pushes is 'In: a locked person, whose records are erased. Out: how many rows, by table. Queues the removals.';
