-- The same disagreement: same kind, same people, same login. A mismatch is about a number besides, which is compared for itself
-- (private.known_case): its index changes with the key and is erased one day, so the fingerprint says nothing of it.
create or replace function private.conflict_fingerprint(
  p_id uuid, p_kind registry.conflict_kind, p_observation registry.observations, p_member_id uuid, p_other_member_id uuid, p_candidates uuid[]
)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case p_kind
    when 'mismatch' then concat_ws(' ', p_kind, p_member_id, p_id)
    when 'duplicate' then concat_ws(' ', p_kind, p_member_id, p_other_member_id)
    else concat_ws(' ', p_kind, p_member_id, p_other_member_id, nullif(array_to_string(p_candidates, ','), ''),
      p_observation.issuer, p_observation.subject)
  end
$$;
comment on function private.conflict_fingerprint is 'In: the id of a new case, what it is about. Out: text that is equal for two sightings of one disagreement; for a mismatch a text of its own.';
