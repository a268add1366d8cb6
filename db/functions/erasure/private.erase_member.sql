-- A coordinator erases a person: announced at once, or, where the organisation wants two pairs of eyes, a case that another coordinator approves.
create or replace function private.erase_member(p_member_id uuid, p_reason text, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  m registry.members;
  c registry.conflicts;
  v_refusal text;
begin
  select known.* into m from registry.members as known
  where known.id = p_member_id and known.organization_id = any (private.coordinator_organizations());
  perform private.lock_family(m.id) where m.id is not null;
  select known.* into m from registry.members as known where known.id = m.id;
  v_refusal := case
    when m.id is null then 'not_found'
    when m.erasure_id is not null then 'member_erased'
    when p_expected_version is distinct from m.version then 'stale_version'
    else private.why_not_reason(m.id, p_reason)
  end;
  if v_refusal is not null then
    return private.refuse('erase_member', v_refusal, p_member_id);
  elsif not private.needs_approval(m.organization_id, 'erase_member', null) then
    return jsonb_build_object('member_id', m.id, 'state', 'announced',
      'erasure_id', private.announce_erasure(m.id, p_reason, 'coordinator', private.actor()));
  end if;
  c.organization_id := m.organization_id;
  c.kind := 'erasure';
  c.member_id := m.id;
  c.fingerprint := 'erasure ' || m.id;
  c := private.open_case(c);
  if c.state = 'proposed' then
    return private.refuse('erase_member', 'awaits_approval', p_member_id);
  end if;
  return jsonb_build_object('member_id', m.id, 'erasure_id', null) || private.propose_decision(c, 'erase_member', p_reason);
end
$$;
comment on function private.erase_member is 'See api.erase_member.';
grant execute on function private.erase_member to authenticated;
