-- A phone number or e-mail address that is not verified may be anybody's. Where nothing better found a member, a coordinator is asked about
-- those it points at; the app is told nothing of it.
create or replace function private.add_unverified(p_observation registry.observations, p_found private.match_result)
returns private.match_result
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_found private.match_result := p_found;
  v_phone constant text := case when not p_observation.phone_verified then p_observation.phone end;
  v_email constant text := case when not p_observation.email_verified then private.email_key(p_observation.email) end;
begin
  v_found.candidates := array(
    select m.id from registry.members as m
    where m.organization_id = p_observation.organization_id and (m.phone = v_phone or private.email_key(m.email) = v_email)
      and m.merged_into is null and m.erased_at is null and not private.is_excluded(p_observation, m.id)
    union select unnest(p_found.candidates)
    order by 1);
  if cardinality(v_found.candidates) > cardinality(p_found.candidates) then
    v_found.verdict := 'ambiguous';
    v_found.explanation := v_found.explanation
      || jsonb_build_object('candidates', cardinality(v_found.candidates), 'unverified', true);
  end if;
  return v_found;
end
$$;
comment on function private.add_unverified is 'In: an observation that found no member, the match result. Out: the same, with the members that an unverified phone or e-mail points at among the candidates.';
