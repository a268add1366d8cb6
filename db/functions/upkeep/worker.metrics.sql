-- What /metrics shows of the tables, per organisation. Asked for at most every few seconds.
create or replace function worker.metrics()
returns table (
  organization text, waiting integer, sending integer, oldest_waiting_seconds integer, refused integer, given_up integer,
  breaker text, accepted integer,
  deferred integer, oldest_deferred_seconds integer, disputed integer
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.slug, coalesce(p.waiting, 0), coalesce(p.sending, 0), coalesce(p.oldest, 0), f.refused, f.given_up,
    coalesce(b.state::text, 'closed'), coalesce(p.accepted, 0), d.deferred, coalesce(d.oldest, 0), f.disputed
  from registry.organizations as g
  left join sync.breakers as b on b.organization_id = g.id
  left join lateral (
    select count(*) filter (where known.state = 'pending' and known.waits_for_conflict_id is null)::integer as waiting,
      count(*) filter (where known.state = 'sending')::integer as sending,
      extract(epoch from clock_timestamp() - min(known.created_at) filter (where known.waits_for_conflict_id is null))::integer as oldest,
      count(*) filter (where known.accepted_until is not null and known.waits_for_conflict_id is null)::integer as accepted,
      count(known.waits_for_conflict_id)::integer as disputed
    from sync.pushes as known where known.organization_id = g.id and known.settled_at is null
  ) as p on true
  cross join lateral (
    select count(*) filter (where known.state = 'rejected')::integer as refused,
      count(*) filter (where known.state = 'given_up' and known.waits_for_conflict_id is null)::integer as given_up,
      count(known.waits_for_conflict_id)::integer + coalesce(p.disputed, 0) as disputed
    from sync.pushes as known where known.organization_id = g.id and known.state in ('rejected', 'given_up')
  ) as f
  cross join lateral (
    select count(*)::integer as deferred, extract(epoch from clock_timestamp() - min(o.received_at))::integer as oldest
    from registry.observations as o where o.organization_id = g.id and o.outcome = 'deferred'
  ) as d
$$;
comment on function worker.metrics is 'Out: per organisation, changes that wait, that are being sent, the age in seconds of the oldest, changes refused and given up, the breaker, changes taken in (202, a file, the worklist) but not yet carried out, and logins whose decision was put off, with the age in seconds of the oldest; disputed: changes that wait for a case, also those that were given up before, counted nowhere else.';
grant execute on function worker.metrics to sync_worker;
