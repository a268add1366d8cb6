-- migrate:up
-- Written by `npm run db:freeze`. Edit db/functions/, never this file.
set local role registry_owner;

-- begin db/functions/private.take_slots.sql
-- private.take_slot for many. Every push gets another place of its member system, and those for whom there is none are left out.
create or replace function private.take_slots(p_ids uuid[])
returns jsonb
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  return (
    with wanted as materialized (
      select p.id, p.organization_id, row_number() over (partition by p.organization_id order by p.id) as nth
      from sync.pushes as p where p.id = any (p_ids)
    ), free as materialized (
      select s.organization_id, n as slot, row_number() over (partition by s.organization_id order by random()) as nth
      from sync.member_systems as s
      cross join lateral (
        select n from generate_series(1, 100) as n where n <= s.concurrency
        except
        select p.slot from sync.pushes as p
        where p.organization_id = s.organization_id and p.state = 'sending' and p.lease_expires_at > clock_timestamp()
      ) as unused(n)
      where s.organization_id in (select w.organization_id from wanted as w)
    ), chosen as materialized (
      select w.id, f.organization_id, f.slot from wanted as w
      join free as f on f.organization_id = w.organization_id and f.nth = w.nth
    )
    select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'slot', c.slot)), '[]')
    from chosen as c
    where pg_try_advisory_xact_lock(hashtextextended(c.organization_id || ' slot ' || c.slot, 0)));
end
$$;
comment on function private.take_slots is 'In: locked pushes. Out: a JSON list of id and slot, each locked until the transaction ends. The caller looks again whether a slot is free.';
-- end db/functions/private.take_slots.sql

-- begin db/functions/private.claim_locked.sql
-- The claim itself, for pushes that are locked and that nothing stands in the way of. Every one gets a place of its member system,
-- and those for whom there is none are left as they are.
create or replace function private.claim_locked(p_ids uuid[], p_worker_ids text[])
returns table (
  push_id uuid, worker_id text, fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid,
  external_id text, personnummer_sealed text, personnummer_index text, member_system jsonb,
  lease_ms integer, delay_ms integer, status_url text, overdue boolean
)
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  v_slots constant jsonb := private.take_slots(p_ids);
begin
  return query
    with claimed as (
      update sync.pushes as u
      set state = 'sending', settled_at = null, attempts = u.attempts + 1, fencing_token = u.fencing_token + 1, slot = t.slot,
          leased_by = n.worker_id, lease_expires_at = clock_timestamp() + private.lease()
      from unnest(p_ids, p_worker_ids) as n(id, worker_id)
      join jsonb_to_recordset(v_slots) as t(id uuid, slot smallint) on t.id = n.id
      where u.id = n.id
        -- Looked at again under the lock of the place, as in private.take_slot.
        and not exists (
          select from sync.pushes as holder
          where holder.organization_id = u.organization_id and holder.slot = t.slot and holder.state = 'sending'
            and holder.lease_expires_at > clock_timestamp())
      returning u.*
    )
    select c.id, c.leased_by, c.fencing_token, c.attempts, g.id, g.slug, m.id, m.external_id, m.personnummer_sealed,
      m.personnummer_index, to_jsonb(s), (extract(epoch from private.lease()) * 1000)::integer, 0, c.status_url,
      coalesce(c.accepted_until < clock_timestamp(), false)
    from claimed as c
    join registry.members as m on m.id = c.member_id
    join registry.organizations as g on g.id = c.organization_id
    join sync.member_systems as s on s.organization_id = c.organization_id;
end
$$;
comment on function private.claim_locked is 'In: locked pushes, and beside each the name it is claimed under. Out: what to send and where, for those that got a place.';
-- end db/functions/private.claim_locked.sql

-- begin db/functions/private.drop_jobs_of_claimed.sql
-- A push that was claimed without its job needs none: the claim takes its place, and a lease that runs out makes a new one. One that
-- somebody is fetching at this moment stays, and finds the push taken.
create or replace function private.drop_jobs_of_claimed(p_ids uuid[])
returns void
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  perform graphile_worker.complete_jobs(array(
    select j.id from sync.pushes as p
    cross join lateral (
      select w.id from graphile_worker.jobs as w where w.key = 'push_personnummer:' || p.id and w.locked_at is null limit 1) as j
    where p.id = any (p_ids) and p.state = 'sending'));
end
$$;
comment on function private.drop_jobs_of_claimed is 'In: pushes that are locked by this transaction. Removes the jobs of those that it claimed.';
-- end db/functions/private.drop_jobs_of_claimed.sql

-- begin db/functions/private.lock_next_pushes.sql
-- The pushes that follow some that were delivered: as many of each organisation, the oldest first, that are due, whose jobs wait, and
-- that nothing stands in the way of. Record and job are looked up one by one (limit 1): however many wait, only the first few are looked at.
create or replace function private.lock_next_pushes(p_after_ids uuid[])
returns uuid[]
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  return (select array_agg(next.id)
  from (
    select s.organization_id, count(*) as most
    from sync.pushes as done
    join sync.member_systems as s on s.organization_id = done.organization_id and s.kind <> 'file' and s.rate_per_second is null
    where done.id = any (p_after_ids)
      and not exists (select from sync.breakers as b where b.organization_id = s.organization_id and b.state <> 'closed')
    group by s.organization_id
  ) as o
  cross join lateral (
    select p.id from sync.pushes as p
    cross join lateral (
      select from registry.members as m
      where m.id = p.member_id and m.merged_into is null and m.personnummer_index is not distinct from p.personnummer_index limit 1) as m
    cross join lateral (
      select from graphile_worker.jobs as w where w.key = 'push_personnummer:' || p.id and w.locked_at is null limit 1) as j
    where p.organization_id = o.organization_id and p.settled_at is null and p.state = 'pending'
      and p.next_attempt_at <= statement_timestamp()
      and not exists (
        select from sync.pushes as other
        where other.organization_id = p.organization_id and other.member_id = p.member_id and other.id <> p.id
          and other.state = 'sending' and other.lease_expires_at > clock_timestamp())
    order by p.next_attempt_at limit o.most
    for update of p skip locked
  ) as next);
end
$$;
comment on function private.lock_next_pushes is 'In: pushes that were delivered. Out: as many others of the same organisations, locked; null: none.';
-- end db/functions/private.lock_next_pushes.sql

-- begin db/functions/private.lock_ordinary_deliveries.sql
-- Those of some reported deliveries after which nothing is to be put right, as private.settle_push, heal_overtaken and note_success
-- would. One that somebody else has locked is left out.
create or replace function private.lock_ordinary_deliveries(p_ids uuid[], p_fencing_tokens bigint[], p_worker_ids text[])
returns uuid[]
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  return (
    select array_agg(locked.id)
    from (
      select p.id from unnest(p_ids, p_fencing_tokens, p_worker_ids) as r(id, fencing_token, worker_id)
      join sync.pushes as p on p.id = r.id
      where p.state = 'sending' and p.fencing_token = r.fencing_token and p.leased_by = r.worker_id
        and not exists (
          select from sync.breakers as b
          where b.organization_id = p.organization_id and (b.state <> 'closed' or b.failures > 0))
        and not exists (
          select from sync.pushes as other
          where other.organization_id = p.organization_id and other.member_id = p.member_id and other.id <> p.id
            and ((other.state = 'given_up' and other.next_attempt_at is not null)
              or (other.created_at >= p.created_at and other.state in ('sending', 'delivered')
                and other.personnummer_index is distinct from p.personnummer_index)))
        and not exists (
          select from registry.conflicts as c
          where c.organization_id = p.organization_id and c.member_id = p.member_id and c.kind = 'push_failed' and c.state = 'open')
      order by p.id
      for update of p skip locked
    ) as locked);
end
$$;
comment on function private.lock_ordinary_deliveries is 'In: pushes, and beside each its fencing token and the name it was claimed under. Out: those of them that are still held and leave nothing to put right; null: none.';
-- end db/functions/private.lock_ordinary_deliveries.sql

-- begin db/functions/private.lock_ordinary_pushes.sql
-- Those of some pushes that can be sent without a second thought. One that somebody else has locked is left out, so that a
-- coordinator's retry of one change holds up no others.
create or replace function private.lock_ordinary_pushes(p_ids uuid[])
returns uuid[]
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  return (
    select array_agg(locked.id)
    from (
      select p.id from sync.pushes as p
      join sync.member_systems as s on s.organization_id = p.organization_id and s.kind <> 'file' and s.rate_per_second is null
      join registry.members as m on m.id = p.member_id and m.merged_into is null
        and m.personnummer_index is not distinct from p.personnummer_index
      where p.id = any (p_ids) and p.state = 'pending' and p.next_attempt_at <= clock_timestamp() + interval '1 second'
        and not exists (select from sync.breakers as b where b.organization_id = p.organization_id and b.state <> 'closed')
        and not exists (
          select from sync.pushes as other
          where other.organization_id = p.organization_id and other.member_id = p.member_id and other.id <> p.id
            and other.state = 'sending' and other.lease_expires_at > clock_timestamp())
      order by p.id
      for update of p skip locked
    ) as locked);
end
$$;
comment on function private.lock_ordinary_pushes is 'In: pushes. Out: those that are due, unlocked, not moot, and held up by nothing; null: none.';
-- end db/functions/private.lock_ordinary_pushes.sql

-- begin db/functions/private.record_deliveries.sql
-- Deliveries as private.settle_push and worker.finish_push write them, all in one statement: state, attempt, audit event.
create or replace function private.record_deliveries(p_ids uuid[], p_reported_ids uuid[], p_http_statuses integer[], p_durations_ms integer[])
returns void
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  with settled as (
    update sync.pushes as p
    set state = 'delivered', settled_at = clock_timestamp(), next_attempt_at = null, lease_expires_at = null, error_code = null,
        http_status = r.http_status
    from unnest(p_reported_ids, p_http_statuses, p_durations_ms) as r(id, http_status, duration_ms)
    where p.id = r.id and p.id = any (p_ids)
    returning p.*, r.duration_ms
  ), attempts as (
    insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, http_status, duration_ms)
    select s.id, s.organization_id, s.attempts, s.leased_by, 'delivered', s.http_status, s.duration_ms from settled as s
  )
  insert into audit.events (event, source, actor, organization_id, message, member_id, observation_id, push_id, detail)
  select 'push_delivered', 'worker', private.actor(), s.organization_id, 'The personnummer was delivered to the member system.',
    s.member_id, s.observation_id, s.id,
    jsonb_strip_nulls(jsonb_build_object('attempt', s.attempts, 'http_status', s.http_status, 'worker', s.leased_by))
  from settled as s;
end
$$;
comment on function private.record_deliveries is 'In: locked pushes that were delivered; all that were reported, and beside each HTTP status and duration in milliseconds.';
-- end db/functions/private.record_deliveries.sql

-- begin db/functions/worker.claim_pushes.sql
-- The same door for many at once, which is what a busy worker needs: one round trip, one commit. It takes the ordinary ones only:
-- waiting, due, nothing in their way. Whatever is left out has changed nothing and is asked for one at a time (worker.claim_push).
-- The commit is not waited for on the disk: a claim that a crash of the server takes back was a lease, and goes with it. Fencing
-- holds all the same, because reports name the worker besides the token.
create or replace function worker.claim_pushes(push_ids uuid[], worker_ids text[])
returns table (
  push_id uuid, worker_id text, fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid,
  external_id text, personnummer_sealed text, personnummer_index text, member_system jsonb,
  lease_ms integer, delay_ms integer, status_url text, overdue boolean
)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  v_ids constant uuid[] := private.lock_ordinary_pushes(claim_pushes.push_ids);
begin
  if v_ids is null then
    return;
  end if;
  perform set_config('synchronous_commit', 'off', true);
  return query select * from private.claim_locked(v_ids, array(
    select claim_pushes.worker_ids[array_position(claim_pushes.push_ids, t.id)] from unnest(v_ids) with ordinality as t(id, nth) order by t.nth));
end
$$;
comment on function worker.claim_pushes is 'In: pushes, and beside each the name it is claimed under. Out: as worker.claim_push, for those that nothing stands in the way of; the others have to be claimed one at a time.';
grant execute on function worker.claim_pushes to sync_worker;
-- end db/functions/worker.claim_pushes.sql

-- begin db/functions/worker.finish_push.sql
-- The door through which a worker reports. A report with an old fencing token changes nothing, and neither
-- does one of another worker than the one that holds it: a crash of the server may take a claim back, and its token is given again.
create or replace function worker.finish_push(
  push_id uuid, fencing_token bigint, result text, http_status integer, error_code text, duration_ms integer, final boolean,
  retry_after integer default null, status_url text default null, receiver_sealed text default null, worker_id text default null
)
returns text
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  p sync.pushes;
begin
  select known.* into p from sync.pushes as known where known.id = finish_push.push_id for update;
  if p.id is null then
    return null;
  elsif p.state <> 'sending' or p.fencing_token <> finish_push.fencing_token or p.leased_by <> finish_push.worker_id then
    perform private.heal_overtaken(p);
    return null;
  end if;
  insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, http_status, error_code, duration_ms)
  values (p.id, p.organization_id, p.attempts, p.leased_by, finish_push.result::sync.attempt_result, finish_push.http_status,
    finish_push.error_code, finish_push.duration_ms);
  p.http_status := finish_push.http_status;
  p.error_code := finish_push.error_code;
  case
    when finish_push.result = 'delivered' then
      perform private.settle_push(p, 'delivered', 'push_delivered', 'The personnummer was delivered to the member system.');
      perform private.heal_overtaken(p);
    when private.push_is_moot(p) then
      perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
    when finish_push.result = 'accepted' then
      perform private.await_push(p, finish_push.retry_after, finish_push.status_url, finish_push.receiver_sealed);
    when finish_push.result = 'rejected' or private.refuses_this_member(p) then
      perform private.fail_push(p, 'rejected', 'push_rejected', 'The member system refused the change for good; a case was opened.');
    when finish_push.final or (p.attempts >= 25 and p.created_at < clock_timestamp() - interval '3 days') then
      perform private.fail_push(p, 'given_up', 'push_given_up', 'The change could not be delivered in all attempts; a case was opened.');
    else
      perform private.postpone_push(p, finish_push.retry_after);
  end case;
  select known.state into p.state from sync.pushes as known where known.id = p.id;
  perform private.tell_breaker(p, finish_push.result::sync.attempt_result, finish_push.retry_after);
  return p.state::text;
end
$$;
comment on function worker.finish_push is 'In: push, fencing token, result (delivered, accepted, retry, rejected), HTTP status and error code of the attempt, its duration in milliseconds, whether to give up now; Retry-After in seconds (at most 24 h are honoured); for accepted: where to ask, or the number sealed for the receiver; the name it was claimed under (null: not looked at). Out: the new state; null when the token is stale.';
grant execute on function worker.finish_push to sync_worker;
-- end db/functions/worker.finish_push.sql

-- begin db/functions/worker.finish_pushes.sql
-- The same door for many deliveries at once, and for what comes next: one round trip and one commit a push, instead of five. It
-- takes the ordinary ones only, after which nothing else is to be put right: no breaker, no case, no older value that was overtaken.
-- Whatever is left out has changed nothing and is reported one at a time (worker.finish_push). The commit is not waited for on the
-- disk: what a crash of the server takes back is a push that is being sent, and is sent again under the same key.
create or replace function worker.finish_pushes(
  push_ids uuid[], fencing_tokens bigint[], worker_ids text[], http_statuses integer[], durations_ms integer[], next_worker_ids text[]
)
returns table (
  finished uuid[], push_id uuid, worker_id text, fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid,
  external_id text, personnummer_sealed text, personnummer_index text, member_system jsonb,
  lease_ms integer, delay_ms integer, status_url text, overdue boolean
)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  v_ids constant uuid[] := private.lock_ordinary_deliveries(finish_pushes.push_ids, finish_pushes.fencing_tokens, finish_pushes.worker_ids);
  v_after_ids uuid[];
  v_names text[];
  v_next_ids uuid[];
begin
  finished := coalesce(v_ids, '{}');
  if v_ids is null then
    return next;
    return;
  end if;
  perform set_config('synchronous_commit', 'off', true);
  perform private.record_deliveries(v_ids, finish_pushes.push_ids, finish_pushes.http_statuses, finish_pushes.durations_ms);
  select array_agg(t.id), array_agg(t.name) into v_after_ids, v_names
  from unnest(finish_pushes.push_ids, finish_pushes.next_worker_ids) as t(id, name) where t.name is not null and t.id = any (v_ids);
  v_next_ids := private.lock_next_pushes(v_after_ids);
  return next;
  if v_next_ids is not null then
    return query select null::uuid[], c.* from private.claim_locked(v_next_ids, v_names) as c;
    perform private.drop_jobs_of_claimed(v_next_ids);
  end if;
end
$$;
comment on function worker.finish_pushes is 'In: pushes that were delivered, and beside each its fencing token, the name it was claimed under, HTTP status, duration in milliseconds, and the name under which to claim the next one (null: none). Out: first those that are settled (the others have to be reported one at a time), then the claims, as worker.claim_push.';
grant execute on function worker.finish_pushes to sync_worker;
-- end db/functions/worker.finish_pushes.sql

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
