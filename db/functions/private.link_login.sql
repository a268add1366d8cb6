-- Whose login was it? The coordinator knows; open cases about that login are settled by it.
create or replace function private.link_login(p_observation_id uuid, p_member_id uuid, p_note text)
returns jsonb
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  o registry.observations;
  m registry.members;
  c registry.conflicts;
  v_refusal text;
  v_before jsonb;
begin
  select known.* into o from registry.observations as known
  where known.id = p_observation_id and known.organization_id = any (private.coordinator_organizations());
  perform private.lock_number(o.organization_id, o.personnummer_masked) where o.personnummer_masked is not null;
  select known.* into m from registry.members as known
  where known.id = p_member_id and known.organization_id = o.organization_id for no key update;
  v_refusal := case
    when o.id is null or m.id is null then 'not_found'
    when private.linked_member(o) is not null then 'already_linked'
    when m.merged_into is not null then 'member_merged'
  end;
  if v_refusal is not null then
    return private.refuse('link_login', v_refusal, p_observation_id);
  end if;
  v_before := private.set_link(o, m.id);
  if private.fills_gap(o, m.id) then
    v_before := v_before || private.set_number(o, m.id, null);
  end if;
  for c in
    select known.* from registry.conflicts as known join registry.observations as seen on seen.id = known.observation_id
    where known.organization_id = o.organization_id and known.state = 'open' and known.kind in ('ambiguous', 'name_mismatch')
      and (seen.issuer, seen.subject) = (o.issuer, o.subject)
    order by known.id for update of known
  loop
    perform private.close_case(c, 'link_login', p_note, v_before);
  end loop;
  return jsonb_build_object('observation_id', o.id, 'member_id', m.id, 'linked', true);
end
$$;
comment on function private.link_login is 'See api.link_login.';
grant execute on function private.link_login to authenticated;
