-- A backup was restored that is older than an erasure of the ledger: it is carried out again, in the same way. A record that is not in the backup
-- was not there yet; an import must not bring it back all the same. Somebody who was let in again after that erasure has another record, under
-- another id, and keeps it. A second call changes nothing.
create or replace function worker.replay_erasure(erasure_id uuid, organization text, records jsonb)
returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
  v_organization_id constant uuid := (select g.id from registry.organizations as g where g.slug = replay_erasure.organization);
  v_member_ids constant uuid[] := array(select (r ->> 'member_id')::uuid from jsonb_array_elements(replay_erasure.records) as r);
  v_announced uuid;
begin
  if v_organization_id is null then
    return 'organization_unknown';
  elsif exists (select from audit.erasures as e where e.id = replay_erasure.erasure_id) then
    return 'known';
  elsif exists (select from registry.members as m where m.id = any (v_member_ids) and m.organization_id <> v_organization_id) then
    return 'other_organization'; -- nothing of ours wrote that line
  end if;
  -- What the backup itself had announced of these records comes first.
  for v_announced in
    select distinct m.erasure_id from registry.members as m
    where m.organization_id = v_organization_id and m.id = any (v_member_ids) and m.erasure_id is not null and m.erased_at is null
  loop
    perform private.carry_out_erasure(v_announced);
  end loop;
  perform private.lock_family(m.id) from registry.members as m
  where m.organization_id = v_organization_id and m.id = any (v_member_ids) order by m.id;
  insert into audit.erasures (id, organization_id, member_id, reason, requested_by)
  values (replay_erasure.erasure_id, v_organization_id, v_member_ids[1],
    'Erased before. The backup that was restored did not have it yet: replayed from the ledger.', private.actor());
  insert into audit.erased_records (member_id, organization_id, erasure_id, external_id_digest)
  select (r ->> 'member_id')::uuid, v_organization_id, replay_erasure.erasure_id, decode(r ->> 'external_id_digest', 'hex')
  from jsonb_array_elements(replay_erasure.records) as r
  on conflict do nothing;
  update registry.members as m set erasure_id = replay_erasure.erasure_id
  where m.organization_id = v_organization_id and m.id = any (v_member_ids) and m.erasure_id is null;
  update audit.erasures as e set recorded_at = clock_timestamp() where e.id = replay_erasure.erasure_id;
  perform private.record_event('erasure_replayed', 'operator', v_organization_id,
    'A backup was restored that is older than an erasure; the erasure is carried out again.', p_member_id => v_member_ids[1],
    p_detail => jsonb_build_object('erasure_id', replay_erasure.erasure_id, 'records', cardinality(v_member_ids)));
  perform private.carry_out_erasure(replay_erasure.erasure_id);
  return 'replayed';
end
$$;
comment on function worker.replay_erasure is 'In: an erasure as the ledger has it: id, organisation (slug), records (member_id, external_id_digest as hex). Out: replayed; known (nothing was to be done); organization_unknown; other_organization (a record is a member of another one: nothing was done).';
grant execute on function worker.replay_erasure to sync_worker;
