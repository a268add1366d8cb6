-- What a coordinator may know of two differing numbers without seeing either: the masked forms tell the birth date, and
-- whether a number is a D-number (day + 40) or synthetic (month + 80). A person who gets a personnummer after a D-number is
-- the usual harmless case (national-identity-number, section 2).
create or replace function private.classify_mismatch(p_observation registry.observations)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'same_birth_date', r.birth_date = o.birth_date,
    'd_number_to_personnummer', r.d_number and not o.d_number,
    'recorded_synthetic', r.synthetic,
    'observed_synthetic', o.synthetic,
    'older_than_record', coalesce(p_observation.received_at < m.personnummer_at, false))
  from registry.members as m, private.read_mask(m.personnummer_masked) as r, private.read_mask(p_observation.personnummer_masked) as o
  where m.id = p_observation.member_id
$$;
comment on function private.classify_mismatch is 'In: an observation whose number differs from its member''s. Out: how they differ, without the numbers.';
