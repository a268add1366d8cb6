-- One answer per login; a consent is given once.
create or replace function private.store_consent(p_observation registry.observations, p_given boolean, p_evidence jsonb)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_evidence is null or jsonb_typeof(p_evidence) <> 'object' or private.holds_number(p_evidence::text) then
    raise exception 'The evidence is an object without anything like a personnummer.' using errcode = 'PN002';
  end if;
  insert into registry.consents (organization_id, member_id, provider, state, observation_id, scope, evidence)
  values (p_observation.organization_id, p_observation.member_id, p_observation.provider,
    case when p_given then 'given' else 'refused' end::registry.consent_state, p_observation.id, p_evidence ->> 'scope', p_evidence)
  on conflict do nothing;
  if found then
    perform private.record_event(case when p_given then 'consent_given' else 'consent_refused' end, p_observation.source::text,
      p_observation.organization_id,
      case when p_given then 'The member consented to the storing of the personnummer.'
        else 'The member did not consent to the storing of the personnummer.' end,
      p_member_id => p_observation.member_id, p_observation_id => p_observation.id, p_detail => p_evidence);
  end if;
  return found;
end
$$;
comment on function private.store_consent is 'In: an observation, the answer, the evidence. Out: whether the answer was stored (false: it was there already).';
