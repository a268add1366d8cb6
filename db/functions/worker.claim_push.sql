-- The door through which a worker takes a push. A claim is a lease with a fencing token: a worker that is paused and wakes up
-- after its lease cannot overwrite what a later one has reported.
create or replace function worker.claim_push(push_id uuid, worker_id text)
returns table (
  fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid, external_id text,
  personnummer_sealed text, personnummer_index text, member_system jsonb
)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  p sync.pushes;
begin
  select known.* into p from sync.pushes as known where known.id = claim_push.push_id for update;
  if p.id is null or p.settled_at is not null or p.lease_expires_at > clock_timestamp() then
    return;
  end if;
  if private.push_is_moot(p) then
    perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
    return;
  end if;
  update sync.pushes as u
  set state = 'sending', attempts = u.attempts + 1, fencing_token = u.fencing_token + 1,
      leased_by = claim_push.worker_id, lease_expires_at = clock_timestamp() + interval '60 seconds'
  where u.id = p.id
  returning u.* into p;
  return query
    select p.fencing_token, p.attempts, g.id, g.slug, m.id, m.external_id, m.personnummer_sealed, m.personnummer_index, to_jsonb(s)
    from registry.members as m
    join registry.organizations as g on g.id = m.organization_id
    left join sync.member_systems as s on s.organization_id = m.organization_id
    where m.id = p.member_id;
end
$$;
comment on function worker.claim_push is 'In: a push, the worker''s name. Out: what to send and where, with a fencing token and a lease of 60 seconds; no row when there is nothing to do. attempt counts from 1.';
grant execute on function worker.claim_push to sync_worker;
