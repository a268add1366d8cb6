-- The claim itself, for pushes that are locked and that nothing stands in the way of. A claim is a lease with a fencing token: a
-- worker that is paused and wakes up after its lease cannot overwrite what a later one has reported.
create or replace function private.claim_locked(p_ids uuid[], p_worker_ids text[], p_slots smallint[])
returns setof sync.push_claim
language plpgsql volatile
set search_path = pg_catalog, pg_temp
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
        -- Looked at again under the lock of the slot, in a statement of its own: a claim that was faster has committed by now.
        and not exists (
          select from sync.pushes as holder
          where holder.organization_id = u.organization_id and holder.slot = n.slot and holder.state = 'sending'
            and holder.lease_expires_at > clock_timestamp())
      returning u.*
    ), systems as materialized (
      select s.organization_id, to_jsonb(s) as settings from sync.member_systems as s
      where s.organization_id in (select p.organization_id from sync.pushes as p where p.id = any (p_ids))
    )
    select c.id, c.leased_by, c.fencing_token::text, c.attempts, g.id, g.slug, m.id, m.external_id, m.personnummer_sealed,
      m.personnummer_index, s.settings, (extract(epoch from v_lease) * 1000)::integer, 0, c.status_url,
      coalesce(c.accepted_until < clock_timestamp(), false),
      to_char(c.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), null::text, null::integer,
      (select l.traceparent from registry.observations as l where l.id = c.observation_id)
    from claimed as c
    join registry.members as m on m.id = c.member_id
    join registry.organizations as g on g.id = c.organization_id
    left join systems as s on s.organization_id = c.organization_id;
end
$$;
comment on function private.claim_locked is 'In: locked pushes, and beside each the name it is claimed under and its slot. Out: what to send and where, for those whose slot is still free; the others are left as they are.';
