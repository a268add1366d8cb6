-- What a coordinator is judging, or may still take back a judgement of, is not erased under their hands.
create or replace function private.is_evidence(p_observation_id uuid)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from registry.conflicts as c
    where c.observation_id = p_observation_id and (c.closed_at is null or c.closed_at > now() - private.undo_time() - interval '1 day'))
$$;
comment on function private.is_evidence is 'In: an observation. Out: whether a case still needs it.';
