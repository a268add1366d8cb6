-- Whose login is this? A member who is logged in and asks for the login to be linked gets it, unless it is linked to somebody
-- else: that is a case, never a silent move. Known logins are looked up; the others climb the ladder.
create or replace function private.find_member(p_observation registry.observations)
returns private.finding
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_linked constant uuid := private.linked_member(p_observation);
  v_asked constant uuid := p_observation.requested_member_id;
begin
  if v_linked <> v_asked then
    return row('subject_moved', null, null, array[v_asked, v_linked], '{}'::jsonb)::private.finding;
  elsif v_linked is not null then
    return row('found', v_linked, 'link', array[v_linked], '{"rung": "link"}'::jsonb)::private.finding;
  elsif private.is_excluded(p_observation, v_asked) then
    return row('ambiguous', null, null, array[v_asked], '{"excluded": true}'::jsonb)::private.finding;
  elsif v_asked is not null then
    return row('found', v_asked, 'explicit', array[v_asked], '{"rung": "explicit"}'::jsonb)::private.finding;
  end if;
  return private.choose_member(array(select c from private.find_candidates(p_observation) as c));
end
$$;
comment on function private.find_member is 'In: an observation. Out: the member it belongs to, or why none can be named.';
