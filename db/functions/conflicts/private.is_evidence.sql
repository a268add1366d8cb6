-- What a coordinator is judging, or may still take back a judgement of (30 days), is not erased under their hands.
create or replace function private.is_evidence(p_observation_id uuid)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from registry.conflicts as c
    where c.observation_id = p_observation_id and (c.state = 'open' or c.closed_at > now() - interval '31 days'))
$$;
comment on function private.is_evidence is 'In: an observation. Out: whether a case still needs it.';
