-- A worker takes pushes: one, or many in one round trip and one commit. Most can be sent without a second thought; what cannot is settled,
-- or keeps a job for later, because the job that brought the worker here is used up by this.
-- Where only ordinary claims were made the commit is not waited for on the disk: a claim that a crash of the server takes back was a lease,
-- and goes with it. Fencing holds all the same, because reports name the worker besides the token.
create or replace function worker.claim_pushes(push_ids uuid[], worker_ids text[], wait_for_locks boolean default false)
returns setof sync.push_claim
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  v_ready uuid[];
  v_waiting uuid[];
  v_reasons text[];
  v_claimed uuid[] := array[]::uuid[];
  c sync.push_claim;
begin
  select j.ready, j.waiting, j.reasons into v_ready, v_waiting, v_reasons
  from private.judge_claims(private.lock_pushes(claim_pushes.push_ids, claim_pushes.wait_for_locks)) as j;
  if v_ready is not null then
    for c in
      select claim.* from private.take_slots(v_ready) as t
      cross join lateral private.claim_locked(t.ids, array(
        select claim_pushes.worker_ids[array_position(claim_pushes.push_ids, n.id)] from unnest(t.ids) with ordinality as n(id, nth) order by n.nth
      ), t.slots) as claim
      where t.ids is not null
      order by claim.organization_id -- rates are locked in this order
    loop
      if c.member_system ->> 'rate_per_second' is not null then
        c.delay_ms := private.take_turn(c.organization_id, (c.member_system ->> 'rate_per_second')::integer);
      end if;
      v_claimed := v_claimed || c.push_id;
      return next c;
    end loop;
  end if;
  if v_waiting is null and cardinality(v_claimed) = coalesce(cardinality(v_ready), 0) then
    perform set_config('synchronous_commit', 'off', true);
    return;
  end if;
  return query
    select answer.* from (
      select w.id, w.reason from unnest(v_waiting, v_reasons) as w(id, reason)
      union all
      select r.id, 'no_slot' from unnest(v_ready) as r(id) where r.id <> all (v_claimed)
    ) as left_over
    cross join lateral private.put_off_claim(left_over.id, left_over.reason) as answer;
end
$$;
comment on function worker.claim_pushes is 'In: pushes, beside each the name it is claimed under, and whether to wait for one that somebody else has locked. Out: a row for each: what to send and where (personnummer null: remove the number there); or only waits_for and wait_ms when it must wait; or neither when there is nothing to do. No row: locked by somebody else, nothing was changed.';
grant execute on function worker.claim_pushes to sync_worker;
