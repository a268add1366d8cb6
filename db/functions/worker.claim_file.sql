-- The door through which a worker begins a file: for one organisation whose pause between files is over and that has changes
-- waiting. One file of an organisation is under way at a time, so that an older value never comes after a newer one.
create or replace function worker.claim_file(worker_id text)
returns table (
  file_id uuid, organization_id uuid, organization text, receiver_key jsonb, push_id uuid, external_id text,
  personnummer_sealed text, personnummer_index text
)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  s sync.member_systems;
  f sync.files;
begin
  -- A worker that died while writing: nothing of its file was seen by anybody.
  update sync.files as old set state = 'expired', lease_expires_at = null
  where old.state = 'writing' and old.lease_expires_at < clock_timestamp();
  select known.* into s from sync.member_systems as known
  where known.kind = 'file'
    and exists (select from sync.pushes as p where p.organization_id = known.organization_id and p.state = 'pending'
                  and p.next_attempt_at <= clock_timestamp())
    and not exists (select from sync.files as k where k.organization_id = known.organization_id
                      and (k.state in ('writing', 'ready') or (k.ready_at is not null and k.created_at > clock_timestamp() - known.file_every)))
  limit 1 for update skip locked;
  if s.id is null then
    return;
  end if;
  insert into sync.files (organization_id, leased_by, lease_expires_at)
  values (s.organization_id, claim_file.worker_id, clock_timestamp() + interval '2 minutes')
  returning * into f;
  return query
    select f.id, g.id, g.slug, s.receiver_key, p.id, m.external_id, m.personnummer_sealed, m.personnummer_index
    from sync.pushes as p
    join registry.members as m on m.id = p.member_id
    join registry.organizations as g on g.id = p.organization_id
    where p.organization_id = s.organization_id and p.state = 'pending' and p.next_attempt_at <= clock_timestamp()
      and p.personnummer_index is not distinct from m.personnummer_index
    order by p.created_at limit 10000;
end
$$;
comment on function worker.claim_file is 'In: the worker''s name. Out: the changes for one new file, a row each, with a lease of two minutes; no row when no file is due.';
grant execute on function worker.claim_file to sync_worker;
