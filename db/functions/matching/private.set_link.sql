-- A coordinator says whose login it is. The only place where a link ever moves from one member to another; sessions that began with
-- the login as the first one end.
create or replace function private.set_link(p_observation registry.observations, p_member_id uuid)
returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant uuid := private.linked_member(p_observation);
begin
  insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule)
  values (p_observation.organization_id, p_observation.issuer, p_observation.subject, p_member_id, p_observation.provider, 'coordinator')
  on conflict (organization_id, issuer, subject)
    do update set member_id = excluded.member_id, match_rule = excluded.match_rule, explanation = '{}';
  if v_before <> p_member_id then
    perform private.end_login_sessions(p_observation.organization_id, p_observation.issuer, p_observation.subject, v_before);
  end if;
  delete from registry.excluded_links as x
  where (x.organization_id, x.issuer, x.subject, x.member_id)
      = (p_observation.organization_id, p_observation.issuer, p_observation.subject, p_member_id);
  perform private.record_event(case when v_before is null then 'linked' else 'link_moved' end, 'coordinator',
    p_observation.organization_id, 'A coordinator linked the login to the member.',
    p_member_id => p_member_id, p_observation_id => p_observation.id,
    p_detail => jsonb_strip_nulls(jsonb_build_object('match_rule', 'coordinator', 'before', v_before)));
  return v_before;
end
$$;
comment on function private.set_link is 'In: an observation, a member. Out: the member it was linked to before, for undo; null: none. Links the observation''s login to the member.';
