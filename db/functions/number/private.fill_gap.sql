-- A login that a coordinator links brings its number along, where it may go into the record. An import that moves thousands of numbers
-- may give this one to somebody else at this moment: then it is as if that had been a moment before, and only the link is made.
create or replace function private.fill_gap(p_observation registry.observations, p_member_id uuid)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when private.fills_gap(p_observation, p_member_id) then private.set_number(p_observation, p_member_id, null) else '{}'::jsonb end;
exception when unique_violation then
  return '{}'::jsonb;
end
$$;
comment on function private.fill_gap is 'In: an observation, a member. Out: the number before, for undo; empty where the number may not go into the record (private.fills_gap).';
