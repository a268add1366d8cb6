-- A worker begins a file: for one organisation whose pause between files is over and that has changes
-- waiting. One file of an organisation is under way at a time, so that an older value never comes after a newer one. After one that
-- failed (worker.fail_file) the next one is tried ten minutes later.
create or replace function worker.claim_file(worker_id text)
returns table (
  file_id uuid, organization_id uuid, organization text, receiver_key jsonb, push_id uuid, external_id text,
  personnummer_sealed text, personnummer_index text
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s sync.member_systems;
  f sync.files;
  v_ids uuid[];
begin
  -- A worker that died while writing: nothing of its file was seen by anybody.
  update sync.files as old set state = 'expired', lease_expires_at = null
  where old.state = 'writing' and old.lease_expires_at < clock_timestamp();
  for s in
    select known.* from sync.member_systems as known
    where known.kind = 'file' and not exists (
      select from sync.files as k where k.organization_id = known.organization_id and (k.state in ('writing', 'ready')
        or (k.ready_at is not null and k.created_at > clock_timestamp() - known.file_every)
        or (k.error_code is not null and k.created_at > clock_timestamp() - interval '10 minutes')))
    order by known.id for update skip locked
  loop
    v_ids := private.changes_for_file(s.organization_id);
    exit when v_ids is not null;
  end loop;
  if v_ids is null then
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
    where p.id = any (v_ids) order by p.created_at;
end
$$;
comment on function worker.claim_file is 'In: the worker''s name. Out: the changes for one new file, a row each, with a lease of two minutes; no row when no file is due.';
grant execute on function worker.claim_file to sync_worker;
