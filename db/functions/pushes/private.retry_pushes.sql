-- Pushes are tried again. One that still waits is tried at once. One that was refused or given up for good is followed by a new push, with
-- an idempotency key of its own: the member system may have stored its refusal under the old one.
-- Everything is locked beforehand and in one order (members, then pushes, each by id; breakers last, by organisation), so that two
-- coordinators who name the same ones in another order, or a worker that reports on one of them, wait and do not deadlock. Pushes that are
-- being sent are left alone: they cannot be tried again, and their workers renew many leases at once.
create or replace function private.retry_pushes(p_ids uuid[])
returns jsonb[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_organization_ids constant uuid[] := private.coordinator_organizations();
  v_id uuid;
  v_answers jsonb[] := array[]::jsonb[];
begin
  perform from registry.members as m
  where m.id in (select p.member_id from sync.pushes as p where p.id = any (p_ids) and p.organization_id = any (v_organization_ids))
  order by m.id for no key update;
  perform from sync.pushes as p
  where p.id = any (p_ids) and p.organization_id = any (v_organization_ids) and p.state <> 'sending'
  order by p.id for update;
  foreach v_id in array p_ids loop
    v_answers := v_answers || private.retry_locked_push(v_id, v_organization_ids);
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
