-- The door through which a worker takes a push. A claim is a lease with a fencing token: a worker that is paused and wakes up
-- after its lease cannot overwrite what a later one has reported.
create or replace function worker.claim_push(push_id uuid, worker_id text)
returns table (
  fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid, external_id text,
  personnummer_sealed text, personnummer_index text, member_system jsonb,
  lease_ms integer, delay_ms integer, status_url text, overdue boolean, waits_for text, wait_ms integer
)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  p sync.pushes;
  v_system sync.member_systems;
  v_slot integer;
begin
  select known.* into p from sync.pushes as known where known.id = claim_push.push_id for update;
  if p.id is null or not private.is_claimable(p) then
    perform private.keep_job(p);
    return;
  end if;
  if private.push_is_moot(p) then
    perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
    return;
  end if;
  select s.* into v_system from sync.member_systems as s where s.organization_id = p.organization_id;
  if v_system.kind = 'file' then
    return; -- the next file takes it (worker.claim_file)
  end if;
  organization_id := p.organization_id;
  waits_for := private.why_wait(p, v_system);
  if waits_for is null then
    v_slot := private.take_slot(p.organization_id, coalesce(v_system.concurrency, 4));
    waits_for := case when v_slot is null then 'no_slot' end;
  end if;
  if waits_for is not null then
    wait_ms := private.put_back_push(p, waits_for);
    return next;
    return;
  end if;
  update sync.pushes as u
  set state = 'sending', settled_at = null, attempts = u.attempts + 1, fencing_token = u.fencing_token + 1, slot = v_slot,
      leased_by = claim_push.worker_id, lease_expires_at = clock_timestamp() + private.lease()
  where u.id = p.id
  returning u.* into p;
  return query
    select p.fencing_token, p.attempts, g.id, g.slug, m.id, m.external_id, m.personnummer_sealed, m.personnummer_index,
      case when v_system.id is not null then to_jsonb(v_system) end, (extract(epoch from private.lease()) * 1000)::integer,
      case when v_system.rate_per_second is null then 0 else private.take_turn(g.id, v_system.rate_per_second) end,
      p.status_url, coalesce(p.accepted_until < clock_timestamp(), false), null::text, null::integer
    from registry.members as m
    join registry.organizations as g on g.id = m.organization_id
    where m.id = p.member_id;
end
$$;
comment on function worker.claim_push is 'In: a push, the worker''s name. Out: what to send and where (personnummer null: remove the number there), with a fencing token, the lease and the pause before sending in milliseconds, and the status URL where the change was taken in before; only waits_for and wait_ms when it must wait; no row when there is nothing to do.';
grant execute on function worker.claim_push to sync_worker;
