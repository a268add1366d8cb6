-- A login or an import disagrees with the records: the case that a coordinator is asked about. A mismatch is about a number, which is
-- compared for itself (private.same_disagreement): its index changes with the key and is erased one day, so the fingerprint says nothing of it.
create or replace function private.open_case_of_login(
  p_kind registry.conflict_kind, p_observation registry.observations,
  p_member_id uuid default null, p_other_member_id uuid default null, p_candidates uuid[] default '{}'
)
returns registry.conflicts
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
begin
  c.id := gen_random_uuid();
  c.organization_id := p_observation.organization_id;
  c.kind := p_kind;
  c.member_id := p_member_id;
  c.other_member_id := p_other_member_id;
  c.candidates := p_candidates;
  c.observation_id := p_observation.id;
  c.fingerprint := case p_kind
    when 'mismatch' then concat_ws(' ', p_kind, p_member_id, c.id)
    when 'duplicate' then concat_ws(' ', p_kind, p_member_id, p_other_member_id)
    else concat_ws(' ', p_kind, p_member_id, p_other_member_id, nullif(array_to_string(p_candidates, ','), ''),
      p_observation.issuer, p_observation.subject)
  end;
  c.personnummer_index := p_observation.personnummer_index;
  c.personnummer_index_previous := p_observation.personnummer_index_previous;
  c.detail := p_observation.explanation || case when p_kind = 'mismatch' then private.classify_mismatch(p_observation) else '{}' end;
  return private.open_case(c);
end
$$;
comment on function private.open_case_of_login is 'In: kind, observation, member, the other member, the candidates. Out: the case: new, open already, or settled before.';
