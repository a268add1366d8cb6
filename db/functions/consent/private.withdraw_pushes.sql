-- Every push of a login that may still leave is marked: one that waits, or is tried once a day, is cancelled now; one that is being
-- sent at this moment is cancelled when its attempt fails (worker.finish_pushes). The organisation's file is locked before its
-- pushes, as by whoever writes, fetches or acknowledges it.
create or replace function private.withdraw_pushes(p_link registry.identity_links)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_push sync.pushes;
begin
  perform from sync.files as f
  where f.organization_id = p_link.organization_id and f.state in ('writing', 'ready') for update;
  for v_push in
    update sync.pushes as p set consent_withdrawn_at = clock_timestamp()
    from registry.observations as o
    where o.id = p.observation_id and (o.issuer, o.subject) = (p_link.issuer, p_link.subject)
      and p.organization_id = p_link.organization_id and p.member_id = p_link.member_id
      and (p.settled_at is null or (p.state = 'given_up' and p.next_attempt_at is not null))
    returning p.*
  loop
    if v_push.state <> 'sending' then
      perform private.cancel_push(v_push);
    end if;
  end loop;
end
$$;
comment on function private.withdraw_pushes is 'In: the link whose consent was withdrawn. Cancels its pushes, or marks them to be cancelled instead of tried again.';
