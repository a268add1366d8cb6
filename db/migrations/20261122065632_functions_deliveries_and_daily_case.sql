-- migrate:up
-- Written by `npm run db:freeze`. Edit db/functions/, never this file.
set local role registry_owner;

-- begin db/functions/private.actor.sql
-- Audit rows name who acted: a coordinator is known by the access token that PostgREST has verified, a program by its login.
create or replace function private.actor()
returns text
language plpgsql stable
set search_path = ''
as $$
declare
  v_claims constant text := current_setting('request.jwt.claims', true);
begin
  if v_claims <> '' then
    return coalesce('coordinator:' || nullif(v_claims::jsonb ->> 'sub', ''), session_user::text);
  end if;
  return session_user;
end
$$;
comment on function private.actor is 'Out: coordinator:<user id> when called through PostgREST, otherwise the database login.';
-- end db/functions/private.actor.sql

-- begin db/functions/private.confirm_known_login.sql
-- The daily case, answered without asking anything else: a login that is linked brings the very number that its member's record has.
-- Then no other question can change the outcome. Whatever is not exactly so takes the long way, where the same login gets the same
-- answer. No lock is needed: nothing follows from the row but its audit event, and a repeated call finds the id taken. Three small
-- statements, because PostgreSQL prepares them faster for each login than one large one; and the event is spelled out here
-- (test/db/daily-case.test.ts holds it to what the long way writes), because this is what nearly every login runs.
create or replace function private.confirm_known_login(
  p_id uuid, p_organization text, p_provider text, p_issuer text, p_subject text, p_acr text, p_authenticated_at timestamptz,
  p_personnummer_index text, p_personnummer_index_previous text[], p_personnummer_sealed text, p_personnummer_masked text,
  p_given_name text, p_family_name text, p_birth_date date,
  p_phone text, p_phone_verified boolean, p_email text, p_email_verified boolean
)
returns uuid
language plpgsql volatile
set search_path = ''
as $$
declare
  v_organization_id uuid;
  v_provider registry.provider;
  v_member_id uuid;
  v_source registry.source;
begin
  select g.id, p.provider, m.id into v_organization_id, v_provider, v_member_id
  from registry.organizations as g
  join registry.identity_providers as p on p.organization_id = g.id
  join registry.identity_links as l on l.organization_id = g.id
  join registry.members as m on m.id = l.member_id
  where g.slug = p_organization and g.capture and p.provider::text = p_provider
    and l.issuer = p_issuer and l.subject = p_subject and l.revoked_at is null
    and m.personnummer_index = p_personnummer_index;
  if not found then
    return null;
  end if;
  v_source := (v_provider || '-login')::registry.source;
  insert into registry.observations (id, organization_id, provider, source, issuer, subject, acr, authenticated_at,
    outcome, settled_at, member_id, explanation,
    personnummer_index, personnummer_index_previous, personnummer_sealed, personnummer_masked,
    given_name, family_name, birth_date, phone, phone_verified, email, email_verified)
  values (p_id, v_organization_id, v_provider, v_source, p_issuer, p_subject, p_acr, p_authenticated_at,
    'confirmed', clock_timestamp(), v_member_id, '{"rung": "link"}',
    p_personnummer_index, coalesce(p_personnummer_index_previous, '{}'), p_personnummer_sealed, p_personnummer_masked,
    p_given_name, p_family_name, p_birth_date, p_phone, coalesce(p_phone_verified, false), p_email, coalesce(p_email_verified, false));
  insert into audit.events (event, source, actor, organization_id, message, member_id, observation_id, detail)
  values ('confirmed', v_source, private.actor(), v_organization_id,
    'confirmed, no change: ' || v_source || ' brought the recorded personnummer ' || p_personnummer_masked || '.', v_member_id, p_id,
    jsonb_build_object('rung', 'link', 'provider', v_provider, 'personnummer', p_personnummer_masked));
  return v_member_id;
exception
  when unique_violation then
    return null; -- a repeated call; the long way knows what the first one was answered
  when query_canceled or others then
    -- If the long way meets the same fault, it keeps the evidence with it; if not, the server's log tells of this one.
    raise warning 'A login took the long way: SQLSTATE % in private.confirm_known_login.', SQLSTATE;
    return null;
end
$$;
comment on function private.confirm_known_login is 'In: what login.record_observation was given. Out: the member, when the login is linked and the record has just the observed number; the observation is stored as confirmed, with its audit event. Otherwise null, and nothing is written.';
-- end db/functions/private.confirm_known_login.sql

-- begin db/functions/private.claim_locked.sql
-- The claim itself, for pushes that are locked and that nothing stands in the way of. A claim is a lease with a fencing token: a
-- worker that is paused and wakes up after its lease cannot overwrite what a later one has reported.
create or replace function private.claim_locked(p_ids uuid[], p_worker_ids text[], p_slots smallint[])
returns table (
  push_id uuid, worker_id text, fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid,
  external_id text, personnummer_sealed text, personnummer_index text, member_system jsonb,
  lease_ms integer, delay_ms integer, status_url text, overdue boolean
)
language plpgsql volatile
set search_path = ''
as $$
declare
  v_lease constant interval := private.lease();
begin
  return query
    with claimed as (
      update sync.pushes as u
      set state = 'sending', settled_at = null, attempts = u.attempts + 1, fencing_token = u.fencing_token + 1, slot = n.slot,
          leased_by = n.worker_id, lease_expires_at = clock_timestamp() + v_lease
      from unnest(p_ids, p_worker_ids, p_slots) as n(id, worker_id, slot)
      where u.id = n.id
        -- Looked at again under the lock of the place, in a statement of its own: a claim that was faster has committed by now.
        and not exists (
          select from sync.pushes as holder
          where holder.organization_id = u.organization_id and holder.slot = n.slot and holder.state = 'sending'
            and holder.lease_expires_at > clock_timestamp())
      returning u.*
    ), systems as materialized (
      select s.organization_id, to_jsonb(s) as settings from sync.member_systems as s
      where s.organization_id in (select p.organization_id from sync.pushes as p where p.id = any (p_ids))
    )
    select c.id, c.leased_by, c.fencing_token, c.attempts, g.id, g.slug, m.id, m.external_id, m.personnummer_sealed,
      m.personnummer_index, s.settings, (extract(epoch from v_lease) * 1000)::integer, 0, c.status_url,
      coalesce(c.accepted_until < clock_timestamp(), false)
    from claimed as c
    join registry.members as m on m.id = c.member_id
    join registry.organizations as g on g.id = c.organization_id
    left join systems as s on s.organization_id = c.organization_id;
end
$$;
comment on function private.claim_locked is 'In: locked pushes, and beside each the name it is claimed under and its place. Out: what to send and where, for those whose place is still free; the others are left as they are.';
-- end db/functions/private.claim_locked.sql

-- begin db/functions/private.lock_next_pushes.sql
-- The pushes that follow some that were delivered: for each another one of its organisation, the oldest first, that is due, whose job
-- waits, and that nothing stands in the way of. It goes on in the place of the delivered one. Record and job are looked up one by one
-- (limit 1): however many wait, only the first few are looked at.
create or replace function private.lock_next_pushes(
  p_organization_ids uuid[], p_worker_ids text[], p_slots smallint[],
  out ids uuid[], out worker_ids text[], out slots smallint[], out job_ids bigint[]
)
language plpgsql volatile
set search_path = ''
as $$
begin
  with places as materialized (
    select t.organization_id, t.worker_id, t.slot, row_number() over (partition by t.organization_id) as nth
    from unnest(p_organization_ids, p_worker_ids, p_slots) as t(organization_id, worker_id, slot)
    cross join lateral (
      select from sync.member_systems as s
      where s.organization_id = t.organization_id and s.kind <> 'file' and s.rate_per_second is null and t.slot <= s.concurrency limit 1) as s
    where t.worker_id is not null
      and not exists (select from sync.breakers as b where b.organization_id = t.organization_id and b.state <> 'closed')
      and pg_try_advisory_xact_lock(hashtextextended(t.organization_id || ' slot ' || t.slot, 0))
  )
  select array_agg(next.id), array_agg(l.worker_id), array_agg(l.slot), array_agg(next.job_id) into ids, worker_ids, slots, job_ids
  from (
    select o.organization_id, due.id, due.job_id, row_number() over (partition by o.organization_id) as nth
    from (select l.organization_id, count(*) as most from places as l group by l.organization_id) as o
    cross join lateral (
      select p.id, j.id as job_id from sync.pushes as p
      cross join lateral (
        select from registry.members as m
        where m.id = p.member_id and m.merged_into is null and m.personnummer_index is not distinct from p.personnummer_index limit 1) as m
      cross join lateral (
        select w.id from graphile_worker.jobs as w where w.key = 'push_personnummer:' || p.id and w.locked_at is null limit 1) as j
      where p.organization_id = o.organization_id and p.settled_at is null and p.state = 'pending'
        and p.next_attempt_at <= statement_timestamp()
        and not exists (
          select from sync.pushes as other
          where other.organization_id = p.organization_id and other.member_id = p.member_id and other.id <> p.id
            and other.state = 'sending' and other.lease_expires_at > clock_timestamp())
      order by p.next_attempt_at limit o.most
      for update of p skip locked
    ) as due
  ) as next
  join places as l on l.organization_id = next.organization_id and l.nth = next.nth;
end
$$;
comment on function private.lock_next_pushes is 'In: of pushes that were delivered, the organisation, the name under which to claim the next one (null: none) and the place. Out: the next ones, locked, and beside each its name, its place and its job; null: none.';
-- end db/functions/private.lock_next_pushes.sql

-- begin db/functions/private.lock_ordinary_deliveries.sql
-- Those of some reported deliveries after which nothing is to be put right, as private.settle_push, heal_overtaken and note_success
-- would. One that somebody else has locked is left out.
create or replace function private.lock_ordinary_deliveries(
  p_ids uuid[], p_fencing_tokens bigint[], p_worker_ids text[],
  out ids uuid[], out organization_ids uuid[], out slots smallint[]
)
language plpgsql volatile
set search_path = ''
as $$
begin
  select array_agg(locked.id), array_agg(locked.organization_id), array_agg(locked.slot) into ids, organization_ids, slots
  from (
    select p.id, p.organization_id, p.slot from unnest(p_ids, p_fencing_tokens, p_worker_ids) as r(id, fencing_token, worker_id)
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
  ) as locked;
end
$$;
comment on function private.lock_ordinary_deliveries is 'In: pushes, and beside each its fencing token and the name it was claimed under. Out: those of them that are still held and leave nothing to put right, and beside each its organisation and its place; null: none.';
-- end db/functions/private.lock_ordinary_deliveries.sql

-- begin db/functions/private.lock_ordinary_pushes.sql
-- Those of some pushes that can be sent without a second thought. One that somebody else has locked is left out, so that a
-- coordinator's retry of one change holds up no others.
create or replace function private.lock_ordinary_pushes(p_ids uuid[])
returns uuid[]
language plpgsql volatile
set search_path = ''
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

-- begin db/functions/private.take_slots.sql
-- Places at the member systems: at most `concurrency` pushes of an organisation are sent at a time, over all workers. A place is
-- free when no push with a live lease holds it. Two claims that look at the same place at once are told apart by a lock that neither
-- waits for, and that ends with the claim's transaction.
create or replace function private.take_slots(p_ids uuid[], out ids uuid[], out slots smallint[])
language plpgsql volatile
set search_path = ''
as $$
begin
  with wanted as materialized (
    select p.id, p.organization_id, row_number() over (partition by p.organization_id order by p.id) as nth
    from sync.pushes as p where p.id = any (p_ids)
  ), taken as materialized (
    select o.organization_id, free.slot, row_number() over (partition by o.organization_id) as nth
    from (
      select w.organization_id, count(*) as most, coalesce(min(s.concurrency), 4) as concurrency
      from wanted as w left join sync.member_systems as s on s.organization_id = w.organization_id
      group by w.organization_id
    ) as o
    cross join lateral (
      select unused.slot from (
        select n as slot from generate_series(1, o.concurrency) as n
        where not exists (
          select from sync.pushes as p
          where p.organization_id = o.organization_id and p.slot = n and p.state = 'sending' and p.lease_expires_at > clock_timestamp())
        order by random()
      ) as unused
      where pg_try_advisory_xact_lock(hashtextextended(o.organization_id || ' slot ' || unused.slot, 0))
      limit o.most
    ) as free
  )
  select array_agg(w.id), array_agg(t.slot) into ids, slots
  from wanted as w join taken as t on t.organization_id = w.organization_id and t.nth = w.nth;
end
$$;
comment on function private.take_slots is 'In: locked pushes. Out: those for whom there is a place, and beside each its place, locked until the transaction ends (null: none). private.claim_locked looks again whether it is free.';
-- end db/functions/private.take_slots.sql

-- begin db/functions/worker.claim_push.sql
-- The door through which a worker takes a push, with a look at everything that may stand in its way.
create or replace function worker.claim_push(push_id uuid, worker_id text)
returns table (
  fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid, external_id text,
  personnummer_sealed text, personnummer_index text, member_system jsonb,
  lease_ms integer, delay_ms integer, status_url text, overdue boolean, waits_for text, wait_ms integer
)
language plpgsql volatile security definer
set search_path = ''
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
  if private.push_is_moot(p) then
    perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
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
        c.status_url, c.overdue, null::text, null::integer
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
comment on function worker.claim_push is 'In: a push, the worker''s name. Out: what to send and where (personnummer null: remove the number there), with a fencing token, the lease and the pause before sending in milliseconds, and the status URL where the change was taken in before; only waits_for and wait_ms when it must wait; no row when there is nothing to do.';
grant execute on function worker.claim_push to sync_worker;
-- end db/functions/worker.claim_push.sql

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
-- end db/functions/worker.claim_pushes.sql

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
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  v_done record;
  v_next record;
begin
  v_done := private.lock_ordinary_deliveries(finish_pushes.push_ids, finish_pushes.fencing_tokens, finish_pushes.worker_ids);
  finished := coalesce(v_done.ids, '{}');
  if v_done.ids is null then
    return next;
    return;
  end if;
  perform set_config('synchronous_commit', 'off', true);
  perform private.record_deliveries(v_done.ids, finish_pushes.push_ids, finish_pushes.http_statuses, finish_pushes.durations_ms);
  return next;
  v_next := private.lock_next_pushes(v_done.organization_ids, array(
    select finish_pushes.next_worker_ids[array_position(finish_pushes.push_ids, done.id)]
    from unnest(v_done.ids) with ordinality as done(id, nth) order by done.nth), v_done.slots);
  if v_next.ids is not null then
    return query select null::uuid[], c.* from private.claim_locked(v_next.ids, v_next.worker_ids, v_next.slots) as c;
    -- The claim takes the place of the job, and a lease that runs out makes a new one. One that somebody is fetching at this moment
    -- stays, and finds the push taken.
    perform graphile_worker.complete_jobs(v_next.job_ids);
  end if;
end
$$;
comment on function worker.finish_pushes is 'In: pushes that were delivered, and beside each its fencing token, the name it was claimed under, HTTP status, duration in milliseconds, and the name under which to claim the next one (null: none). Out: first those that are settled (the others have to be reported one at a time), then the claims, as worker.claim_push.';
grant execute on function worker.finish_pushes to sync_worker;
-- end db/functions/worker.finish_pushes.sql

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
