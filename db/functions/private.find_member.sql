-- Whose login is this? Known logins are looked up; others climb the ladder.
create or replace function private.find_member(p_observation registry.observations)
returns private.finding
language plpgsql stable
set search_path = ''
as $$
declare
  v_linked uuid := private.linked_member(p_observation);
begin
  if v_linked is not null then
    return row('found', v_linked, 'link', array[v_linked], '{"rung": "link"}'::jsonb)::private.finding;
  end if;
  return private.choose_member(array(select c from private.find_candidates(p_observation) as c));
end
$$;
comment on function private.find_member is 'In: an observation. Out: the member it belongs to, or why none can be named.';
