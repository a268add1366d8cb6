-- Pushes that wait only because the member system was away are tried within seconds; the pushes themselves take care of the
-- pace (concurrency and rate).
create or replace function private.hasten_pushes(p_organization_id uuid)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
  v_id uuid;
begin
  with waiting as (
    select p.id from sync.pushes as p
    where p.organization_id = p_organization_id and p.settled_at is null and p.state = 'pending' and p.accepted_until is null
      and p.next_attempt_at > clock_timestamp() and p.waits_for_conflict_id is null and private.member_system_fault(p.error_code) is not null
    order by p.next_attempt_at limit 1000
    for update skip locked
  ), hastened as (
    update sync.pushes as p set next_attempt_at = clock_timestamp() from waiting as w where p.id = w.id returning p.id
  )
  select coalesce(array_agg(h.id), '{}') into v_ids from hastened as h;
  foreach v_id in array v_ids loop
    perform private.enqueue('push_personnummer', v_id);
  end loop;
  return cardinality(v_ids);
end
$$;
comment on function private.hasten_pushes is 'In: an organisation. Out: how many waiting pushes were made due now.';
