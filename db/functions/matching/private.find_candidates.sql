-- Everybody in the organisation that anything of the login points at, with what agrees and what does not. Deciding is
-- somebody else's work (private.choose_member).
create or replace function private.find_candidates(p_observation registry.observations)
returns setof private.candidate
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with login as (
    select p_observation.organization_id,
      array_remove(p_observation.personnummer_index || p_observation.personnummer_index_previous, null) as indexes,
      p_observation.phone, p_observation.phone_verified, private.email_key(p_observation.email) as email, p_observation.email_verified
  )
  select
    m.id,
    coalesce(m.personnummer_index = any (l.indexes), false),
    case when l.phone_verified then m.phone = l.phone end,
    case when l.email_verified then private.email_key(m.email) = l.email end,
    coalesce((not l.phone_verified and m.phone = l.phone) or (not l.email_verified and private.email_key(m.email) = l.email), false),
    private.compare_names(p_observation.given_name, p_observation.family_name, m.given_name, m.family_name),
    m.birth_date = p_observation.birth_date,
    to_char(m.birth_date, 'DDMMYY') = (select n.birth_date from private.read_mask(p_observation.personnummer_masked) as n)
  from login as l
  join registry.members as m on m.organization_id = l.organization_id
  where (m.personnummer_index = any (l.indexes) or m.phone = l.phone or private.email_key(m.email) = l.email)
    and m.merged_into is null
    and not private.is_excluded(p_observation, m.id)
$$;
comment on function private.find_candidates is 'In: an observation. Out: the members that its number, phone or e-mail points at, each with the evidence.';
