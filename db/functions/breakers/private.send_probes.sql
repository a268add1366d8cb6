-- An open breaker lets one push through when its pause is over: the one that is due longest. Its job carries no flag, so that
-- workers fetch it. Where nothing waits there is nothing to find out. A probe that was dropped, because its record changed, or
-- that does not report within a minute is followed by another.
create or replace function private.send_probes()
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  b sync.breakers;
  v_push_id uuid;
  v_count integer := 0;
begin
  for b in
    select k.* from sync.breakers as k
    where k.state <> 'closed' and (k.probe_at <= clock_timestamp()
      or exists (select from sync.pushes as p where p.id = k.probe_push_id and p.settled_at is not null))
    for update skip locked
  loop
    select p.id into v_push_id from sync.pushes as p
    where p.organization_id = b.organization_id and p.state in ('pending', 'given_up') and p.next_attempt_at < 'infinity'
    order by p.next_attempt_at limit 1 for update skip locked;
    if v_push_id is not null then
      update sync.pushes set next_attempt_at = clock_timestamp() where id = v_push_id;
      update sync.breakers
      set state = 'half_open', probe_push_id = v_push_id, probe_at = clock_timestamp() + interval '1 minute', changed_at = clock_timestamp()
      where organization_id = b.organization_id
      returning * into b;
      perform private.enqueue('push_personnummer', v_push_id);
      perform private.record_breaker_event('breaker_probing', b, 'One change is sent to find out whether the member system works again.');
      v_count := v_count + 1;
    end if;
  end loop;
  return v_count;
end
$$;
comment on function private.send_probes is 'Out: how many breakers let a push through.';
