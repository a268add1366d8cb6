-- Whose login was it? The coordinator knows; open cases about that login are settled by it.
create or replace function private.link_login(p_observation_id uuid, p_member_id uuid, p_note text)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations;
  m registry.members;
  c registry.conflicts;
  v_refusal text;
  v_before registry.before_decision;
  v_conflict_id uuid; -- the case that undo takes
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
    when m.merged_into is not null then 'member_merged'
    else private.why_not_note(p_note)
  end;
  if v_refusal is not null then
    return private.refuse('link_login', v_refusal, p_observation_id);
  end if;
  v_before.link_before := private.set_link(o, m.id);
  v_before.link_after := m.id;
  if private.fills_gap(o, m.id) then
    begin
      v_before.version_after := private.set_number(o, m.id, null);
      v_before.member_id := m.id; -- which had no number
    exception when unique_violation then
      null; -- an import that moves thousands of numbers gave this one to somebody at this moment: only the link is made
    end;
  end if;
  -- Also a login that nobody was told of becomes a case, so that the decision can be looked up, and undone.
  perform private.open_conflict('ambiguous', o, p_candidates => array[m.id]) where o.outcome = 'unlinked';
  for c in
    select known.* from registry.conflicts as known join registry.observations as seen on seen.id = known.observation_id
    where known.organization_id = o.organization_id and known.state = 'open' and known.kind in ('ambiguous', 'name_mismatch')
      and (seen.issuer, seen.subject) = (o.issuer, o.subject)
    order by known.id for update of known
  loop
    perform private.close_case(c, 'link_login', p_note, v_before);
    v_conflict_id := coalesce(v_conflict_id, c.id);
    v_before := null; -- kept, and undone, with the first of them
  end loop;
  return jsonb_build_object('observation_id', o.id, 'member_id', m.id, 'linked', true, 'conflict_id', v_conflict_id);
end
$$;
comment on function private.link_login is 'See api.link_login.';
grant execute on function private.link_login to authenticated;
