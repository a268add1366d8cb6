-- A member who is logged in says that the login is theirs, and has redeemed its code. They may have talked somebody else into logging in,
-- so name and birth date are asked as by the other match rules; and where the whole name does not agree (ID-porten tells none), the birth
-- date in the number too, and the number must not be another member's.
create or replace function private.find_asking_member(p_member_id uuid, p_candidates private.candidate[])
returns private.match_result
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_candidate private.candidate;
  v_found private.match_result;
begin
  select c.* into v_candidate from unnest(p_candidates) as c where c.member_id = p_member_id;
  if not found then
    raise exception 'The record was merged into another meanwhile.' using errcode = 'serialization_failure';
  end if;
  v_found := private.match_result('explicit', v_candidate,
    private.is_same_person(v_candidate) and (v_candidate.name is not distinct from 'full' or v_candidate.born_as_number_says is not false
      and not exists (select from unnest(p_candidates) as c where c.by_number and c.member_id <> p_member_id)),
    array[v_candidate]);
  v_found.told := true;
  return v_found;
end
$$;
comment on function private.find_asking_member is 'In: the member who asked, the candidates with evidence. Out: that member, or name_mismatch. Raises serialization_failure when the record is gone.';
