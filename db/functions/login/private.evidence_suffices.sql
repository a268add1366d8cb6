-- A source that was asked and did not answer could have named the member, or settled a doubt. What is there without it is enough only if
-- it finds the member, and holds something against the member's name or birth date; the number has a birth date in it. Anything else
-- is no evidence that somebody is not a member, and no reason for a case.
create or replace function private.evidence_suffices(p_observation registry.observations)
returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  f private.match_result;
begin
  f := private.find_member(p_observation); -- here, because the handler does not see what fails in a declaration
  return f.verdict = 'found' and (f.match_rule in ('link', 'number')
    or num_nonnulls(p_observation.given_name, p_observation.family_name, p_observation.birth_date) > 0);
exception when query_canceled or others then
  -- Matching is out of order: whoever is known already gets in (private.keep_observation defers the rest of it).
  return private.known_member(p_observation) is not null;
end
$$;
comment on function private.evidence_suffices is 'In: an observation begun, for which a source did not answer. Out: whether it can be decided all the same.';
