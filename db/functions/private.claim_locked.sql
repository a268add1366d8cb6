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
