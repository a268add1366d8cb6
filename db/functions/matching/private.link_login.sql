-- Whose login was it? The coordinator knows; open cases about that login are settled by it.
create or replace function private.link_login(p_observation_id uuid, p_member_id uuid, p_note text, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations;
  m registry.members;
  c registry.conflicts;
  v_refusal text;
begin
  select known.* into o from registry.observations as known
  where known.id = p_observation_id and known.organization_id = any (private.coordinator_organizations());
  perform private.lock_login(o.id);
  perform private.lock_number(o.organization_id, o.personnummer_masked) where o.personnummer_masked is not null;
  select known.* into m from registry.members as known
  where known.id = p_member_id and known.organization_id = o.organization_id for no key update;
  v_refusal := case
    when o.id is null or m.id is null then 'not_found'
    when private.linked_member(o) is not null then 'already_linked'
    when p_expected_version is not null and p_expected_version <> all (
      array(select known.version from private.open_cases_of_login(o) as known)) then 'stale_version'
    when m.erasure_id is not null or o.erased_at is not null then 'member_erased'
    when m.merged_into is not null then 'member_merged'
    else private.why_not_note(p_note)
  end;
  if v_refusal is not null then
    return private.refuse('link_login', v_refusal, p_observation_id);
  elsif private.needs_approval(o.organization_id, 'link_login', null) then
    c := private.case_of_login(o, m.id);
    if c.state = 'proposed' then
      return private.refuse('link_login', 'awaits_approval', p_observation_id);
    end if;
    return jsonb_build_object('observation_id', o.id, 'member_id', m.id, 'linked', false)
      || private.propose_decision(c, 'link_login', p_note, m.id);
  end if;
  -- Also a login that nobody was told of becomes a case, so that the decision can be looked up, and undone.
  perform private.open_case_of_login('ambiguous', o, p_candidates => array[m.id]) where o.outcome = 'unlinked';
  return jsonb_build_object('observation_id', o.id, 'member_id', m.id, 'linked', true,
    'conflict_id', private.carry_out_link(o, m.id, p_note));
end
$$;
comment on function private.link_login is 'See api.link_login.';
grant execute on function private.link_login to authenticated;
