-- The same disagreement: same kind, same people, same login or number. Another number is another disagreement. Under a
-- rotated key the oldest version of the index still in use is taken, so that rotation opens no case anew.
create or replace function private.conflict_fingerprint(
  p_kind registry.conflict_kind, p_observation registry.observations, p_member_id uuid, p_other_member_id uuid, p_candidates uuid[]
)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select concat_ws(' ', p_kind, p_member_id, p_other_member_id, nullif(array_to_string(p_candidates, ','), ''),
    case p_kind
      when 'mismatch' then coalesce(
        p_observation.personnummer_index_previous[cardinality(p_observation.personnummer_index_previous)],
        p_observation.personnummer_index)
      when 'duplicate' then null
      else p_observation.issuer || ' ' || p_observation.subject
    end)
$$;
comment on function private.conflict_fingerprint is 'In: what a case is about. Out: text that is equal for two sightings of one disagreement.';
