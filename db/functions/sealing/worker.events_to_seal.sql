-- The worker hashes what audit:verify hashes later, so each column goes out as the text that audit-seal/event.ts also asks for: the same on
-- every server, whatever its time zone and date style.
create or replace function worker.events_to_seal(most integer)
returns table (
  actor text, conflict_id text, detail text, epoch text, event text, id text, member_id text, message text, observation_id text,
  occurred_at text, organization_id text, push_id text, redacted_at text, source text, transaction_id text
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.actor, e.conflict_id::text, e.detail::text, e.epoch::text, e.event::text, e.id::text, e.member_id::text, e.message::text,
    e.observation_id::text,
    case when isfinite(e.occurred_at) then (extract(epoch from e.occurred_at) * 1000000)::bigint::text else e.occurred_at::text end,
    e.organization_id::text, e.push_id::text,
    case when isfinite(e.redacted_at) then (extract(epoch from e.redacted_at) * 1000000)::bigint::text else e.redacted_at::text end,
    e.source::text, e.transaction_id::text
  from private.unsealed_events(events_to_seal.most) as e
$$;
comment on function worker.events_to_seal is 'In: how many at most. Out: the events that are next to be sealed, in order, each column as the text that is hashed.';
grant execute on function worker.events_to_seal to sync_worker;
