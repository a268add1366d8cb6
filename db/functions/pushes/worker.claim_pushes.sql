-- The same door for many at once, which is what a busy worker needs: one round trip, one commit. It takes the ordinary ones only:
-- waiting, due, nothing in their way. Whatever is left out has changed nothing and is asked for one at a time (worker.claim_push).
-- The commit is not waited for on the disk: a claim that a crash of the server takes back was a lease, and goes with it. Fencing
-- holds all the same, because reports name the worker besides the token.
create or replace function worker.claim_pushes(push_ids uuid[], worker_ids text[])
returns table (
  push_id uuid, worker_id text, fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid,
  external_id text, personnummer_sealed text, personnummer_index text, member_system jsonb,
  lease_ms integer, delay_ms integer, status_url text, overdue boolean, made_at text
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  v_ids uuid[] := private.lock_ordinary_pushes(claim_pushes.push_ids);
  v_names text[];
  v_slots smallint[];
begin
  if v_ids is null then
    return;
  end if;
  perform set_config('synchronous_commit', 'off', true);
  select array_agg(t.id), array_agg(claim_pushes.worker_ids[array_position(claim_pushes.push_ids, t.id)]), array_agg(t.slot)
  into v_ids, v_names, v_slots
  from private.take_slots(v_ids) as taken cross join lateral unnest(taken.ids, taken.slots) as t(id, slot);
  return query select * from private.claim_locked(v_ids, v_names, v_slots);
end
$$;
comment on function worker.claim_pushes is 'In: pushes, and beside each the name it is claimed under. Out: as worker.claim_push, for those that nothing stands in the way of; the others have to be claimed one at a time.';
grant execute on function worker.claim_pushes to sync_worker;
