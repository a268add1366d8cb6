-- Whose login is this? A member who is logged in and has redeemed a login for it to be linked gets it, unless it is linked to somebody
-- else, or name or birth date say that it is somebody else: that is a case, never a silent move. Known logins are looked up; the others
-- go through the match rules.
create or replace function private.find_member(p_observation registry.observations)
returns private.match_result
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_linked constant uuid := private.linked_member(p_observation);
  v_asked constant uuid := p_observation.requested_member_id;
  v_candidates private.candidate[];
  v_found private.match_result;
begin
  if v_linked <> v_asked then
    return row('subject_moved', null, null, array[v_asked, v_linked], '{}'::jsonb, true)::private.match_result;
  elsif v_linked is not null then
    return row('found', v_linked, 'link', array[v_linked], '{"match_rule": "link"}'::jsonb, null)::private.match_result;
  elsif private.is_excluded(p_observation, v_asked) then
    return row('ambiguous', null, null, array[v_asked], '{"excluded": true}'::jsonb, true)::private.match_result;
  end if;
  v_candidates := array(select c from private.find_candidates(p_observation) as c);
  if v_asked is not null then
    return private.find_asking_member(v_asked, v_candidates);
  end if;
  v_found := private.choose_member(v_candidates);
  if v_found.verdict in ('unlinked', 'ambiguous') then
    v_found := private.add_unverified(p_observation, v_found);
  end if;
  if v_found.verdict in ('ambiguous', 'name_mismatch') then
    v_found.told := exists (
      select from unnest(v_candidates) as c where c.member_id = any (v_found.candidates) and private.is_plainly_theirs(c));
  end if;
  return v_found;
end
$$;
comment on function private.find_member is 'In: an observation. Out: the member it belongs to, or why none can be named.';
