-- Whose might this login be? The match rules' own candidates, as the records are now; then those at whom only an unverified phone or e-mail points,
-- which is said with them: for a person that is a hint.
create or replace function private.login_suggestions(p_observation_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations;
  v_trusting registry.observations; -- as if all of it were verified
  v_refusal text;
begin
  select known.* into o from registry.observations as known
  where known.id = p_observation_id and known.organization_id = any (private.coordinator_organizations());
  v_refusal := case
    when o.id is null then 'not_found'
    when private.linked_member(o) is not null then 'already_linked'
  end;
  if v_refusal is not null then
    return private.refuse('login_suggestions', v_refusal, p_observation_id);
  end if;
  v_trusting := o;
  v_trusting.phone_verified := true;
  v_trusting.email_verified := true;
  return (
    with candidate as (
      select c.*, true as verified from private.find_candidates(o) as c
      union all
      select c.*, false from private.find_candidates(v_trusting) as c
      where c.member_id not in (select known.member_id from private.find_candidates(o) as known)
    )
    select coalesce(jsonb_agg(jsonb_build_object(
      'member_id', m.id, 'member_external_id', m.external_id, 'given_name', m.given_name, 'family_name', m.family_name,
      'birth_date', m.birth_date, 'personnummer', m.personnummer_masked, 'agreed', e.agreed, 'disagreed', e.disagreed, 'verified', c.verified)
      order by c.verified desc, c.by_number desc, cardinality(e.agreed) desc, cardinality(e.disagreed), m.family_name, m.given_name, m.id), '[]')
    from candidate as c
    join registry.members as m on m.id = c.member_id
    cross join lateral private.explain_candidate(
      row(c.member_id, c.by_number, c.by_phone, c.by_email, c.name, c.birth_date_agrees, c.born_as_number_says)::private.candidate) as e);
end
$$;
comment on function private.login_suggestions is 'See api.login_suggestions.';
grant execute on function private.login_suggestions to authenticated;
