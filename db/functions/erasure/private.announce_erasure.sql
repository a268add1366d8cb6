-- The erasure is decided. It is carried out in a second step (private.carry_out_erasure), because it has to stand outside the database before
-- anything is gone: a backup that is restored one day is held to that. From now on no coordinator decides about these records, and no import
-- changes them, so that they stay the ones that were announced.
create or replace function private.announce_erasure(
  p_member_id uuid, p_reason text, p_source text, p_requested_by text, p_approved_by text default null, p_conflict_id uuid default null
)
returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_member_ids constant uuid[] := private.lock_family(p_member_id);
  v_organization_id constant uuid := (select m.organization_id from registry.members as m where m.id = p_member_id);
  v_erasure_id uuid;
begin
  insert into audit.erasures (organization_id, member_id, reason, requested_by, approved_by, conflict_id)
  values (v_organization_id, p_member_id, p_reason, p_requested_by, p_approved_by, p_conflict_id)
  returning id into v_erasure_id;
  insert into audit.erased_records (member_id, organization_id, erasure_id, external_id_digest)
  select m.id, m.organization_id, v_erasure_id, private.digest_external_id(m.organization_id, m.external_id)
  from registry.members as m where m.id = any (v_member_ids);
  update registry.members as m set erasure_id = v_erasure_id where m.id = any (v_member_ids);
  perform private.record_event('erasure_announced', p_source, v_organization_id, 'The person is to be erased.',
    p_member_id => p_member_id, p_conflict_id => p_conflict_id,
    p_detail => jsonb_build_object('erasure_id', v_erasure_id, 'records', cardinality(v_member_ids)));
  perform private.enqueue('carry_out_erasure', v_erasure_id);
  return v_erasure_id;
end
$$;
comment on function private.announce_erasure is 'In: a member whose person nothing stands against to erase, the reason, audit source, who asked, who approved, the case. Out: the erasure, announced.';
