-- The door through which a worker takes a push, with a look at everything that may stand in its way.
create or replace function worker.claim_push(push_id uuid, worker_id text)
returns table (
  fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid, external_id text,
  personnummer_sealed text, personnummer_index text, member_system jsonb,
  lease_ms integer, delay_ms integer, status_url text, overdue boolean, made_at text, waits_for text, wait_ms integer
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  p sync.pushes;
  v_system sync.member_systems;
begin
  select known.* into p from sync.pushes as known where known.id = claim_push.push_id for update;
  if p.id is null or not private.is_claimable(p) then
    perform private.keep_job(p);
    return;
  end if;
  if private.push_is_obsolete(p) then
    perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
    return;
  end if;
  if p.consent_withdrawn_at is not null then
    perform private.cancel_push(p); -- its worker was lost while consent was withdrawn
    return;
  end if;
  select s.* into v_system from sync.member_systems as s where s.organization_id = p.organization_id;
  if v_system.kind = 'file' then
    return; -- the next file takes it (worker.claim_file)
  end if;
  waits_for := private.why_wait(p, v_system);
  if waits_for is null then
    return query
      select c.fencing_token, c.attempt, c.organization_id, c.organization, c.member_id, c.external_id, c.personnummer_sealed,
        c.personnummer_index, c.member_system, c.lease_ms,
        case when v_system.rate_per_second is null then 0 else private.take_turn(c.organization_id, v_system.rate_per_second) end,
        c.status_url, c.overdue, c.made_at, null::text, null::integer
      from private.take_slots(array[p.id]) as t
      cross join lateral private.claim_locked(t.ids, array[claim_push.worker_id], t.slots) as c;
    waits_for := case when not found then 'no_slot' end;
  end if;
  if waits_for is not null then
    organization_id := p.organization_id;
    wait_ms := private.put_back_push(p, waits_for);
    return next;
  end if;
end
$$;
comment on function worker.claim_push is 'In: a push, the worker''s name. Out: what to send and where (personnummer null: remove the number there), when the change was made (RFC 3339), with a fencing token, the lease and the pause before sending in milliseconds, and the status URL where the change was taken in before; only waits_for and wait_ms when it must wait; no row when there is nothing to do.';
grant execute on function worker.claim_push to sync_worker;
