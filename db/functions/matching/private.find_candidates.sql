-- Everybody in the organisation that anything verified of the login points at, with what agrees and what does not; and the member who
-- asked for the login to be linked. Deciding is somebody else's work (private.choose_member). What is not verified anybody can write, so
-- it is not even looked up here: neither who is let in, nor how long that takes, may depend on it (private.add_unverified).
create or replace function private.find_candidates(p_observation registry.observations)
returns setof private.candidate
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with login as (
    select p_observation.organization_id,
      array_remove(p_observation.personnummer_index || p_observation.personnummer_index_previous, null) as indexes,
      case when p_observation.phone_verified then p_observation.phone end as phone,
      case when p_observation.email_verified then private.email_key(p_observation.email) end as email
  )
  select
    m.id,
    agrees.number,
    agrees.phone,
    agrees.email,
    case
      -- Twins and siblings share a family name, and a number may stand on the other one's record.
      when agrees.number and agrees.phone is not true and agrees.email is not true
        and (m.birth_date is null or not agrees.phone or not agrees.email)
        and private.given_names_differ(p_observation.given_name, p_observation.family_name, m.given_name, m.family_name) then 'none'
      else private.compare_names(p_observation.given_name, p_observation.family_name, m.given_name, m.family_name)
    end,
    case
      when m.birth_date is not null then m.birth_date = p_observation.birth_date
      -- The record's own number says when its member was born; without the century it can only contradict.
      when (select n.birth_date from private.read_mask(m.personnummer_masked) as n) <> to_char(p_observation.birth_date, 'DDMMYY') then false
    end,
    to_char(m.birth_date, 'DDMMYY') = (select n.birth_date from private.read_mask(p_observation.personnummer_masked) as n)
  from login as l
  join registry.members as m on m.organization_id = l.organization_id
  cross join lateral (
    select coalesce(m.personnummer_index = any (l.indexes), false) as number, m.phone = l.phone as phone,
      private.email_key(m.email) = l.email as email
  ) as agrees
  where (m.personnummer_index = any (l.indexes) or m.phone = l.phone or private.email_key(m.email) = l.email
      or m.id = p_observation.requested_member_id)
    and m.merged_into is null and m.erased_at is null
    and not private.is_excluded(p_observation, m.id)
$$;
comment on function private.find_candidates is 'In: an observation. Out: the members that its number, or its verified phone or e-mail, points at, and the one who asked for it to be linked, each with the evidence.';
