-- Those of some reported deliveries after which nothing is to be put right: no failures to forget, no older value that was overtaken, no
-- breaker to close. They leave nothing waiting, so their members need no lock. One that somebody else has locked is left out.
-- What is asked here is the opposite of what private.record_result, settle_push and resend_if_overtaken look for: change them together.
create or replace function private.lock_plain_deliveries(
  p_reports sync.push_report[], out ids uuid[], out organization_ids uuid[], out slots smallint[], out http_statuses integer[],
  out next_worker_ids text[]
)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  select array_agg(l.id), array_agg(l.organization_id), array_agg(l.slot), array_agg(l.http_status), array_agg(l.next_worker_id)
  into ids, organization_ids, slots, http_statuses, next_worker_ids
  from (
    select p.id, p.organization_id, p.slot, r.http_status, r.next_worker_id
    from unnest(p_reports) as r join sync.pushes as p on p.id = r.push_id
    where r.result = 'delivered' and p.state = 'sending' and p.fencing_token = r.fencing_token and p.leased_by = r.worker_id
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
        where c.organization_id = p.organization_id and c.member_id = p.member_id and c.kind = 'push_failed' and c.closed_at is null)
    order by p.id
    for update of p skip locked
  ) as l;
end
$$;
comment on function private.lock_plain_deliveries is 'In: reports. Out: the pushes that were delivered, are still held and leave nothing to put right, locked, and beside each its organisation, its slot, its HTTP status and the name under which to claim the next one; null: none.';
