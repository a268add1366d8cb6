-- In this order, because a worker that reports holds a member and a push when it comes to the breaker: locks, pushes, breakers last,
-- and those by id.
create or replace function private.retry_pushes(p_ids uuid[])
returns jsonb[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid;
  v_answers jsonb[] := array[]::jsonb[];
begin
  perform private.lock_failed_pushes(p_ids);
  foreach v_id in array p_ids loop
    v_answers := v_answers || private.retry_locked_push(v_id);
  end loop;
  with queued as (
    select distinct p.organization_id from unnest(v_answers) as t(answer)
    join sync.pushes as p on p.id = (t.answer ->> 'push_id')::uuid
  ), hastened as (
    select b.organization_id from sync.breakers as b join queued as q on q.organization_id = b.organization_id
    where b.state = 'open' order by b.organization_id for update of b
  )
  update sync.breakers as b set probe_at = clock_timestamp() from hastened as h where b.organization_id = h.organization_id;
  return v_answers;
end
$$;
comment on function private.retry_pushes is 'In: pushes. Out: for each the push that is queued now, or the code of a refusal. Where a breaker is open, its next probe comes at once.';
