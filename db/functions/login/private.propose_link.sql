-- A login that a member asks to have linked is only kept: whoever holds the address may have been talked into it. Nothing is looked up,
-- so nothing of it can be seen, whoever logs in; and nobody's record, link, case or push follows. Everything else comes when the session
-- that asked redeems the code (private.redeem_link).
create or replace function private.propose_link(p_observation registry.observations, p_session_id uuid)
returns registry.observations
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations := p_observation;
begin
  o.outcome := 'proposed';
  insert into registry.observations values (o.*) returning * into o;
  insert into registry.link_proposals (observation_id, organization_id, session_id) values (o.id, o.organization_id, p_session_id);
  perform private.record_event('proposed', o.source::text, o.organization_id, private.outcome_sentence(o),
    p_observation_id => o.id, p_detail => jsonb_build_object('provider', o.provider));
  return o;
exception when integrity_constraint_violation or data_exception then
  raise exception 'The observation is not acceptable: SQLSTATE %.', SQLSTATE using errcode = 'PN002';
end
$$;
comment on function private.propose_link is 'In: a new observation, the session that asks for it to be linked. Out: the stored row, proposed. Raises PN002 for a row that cannot be stored.';
