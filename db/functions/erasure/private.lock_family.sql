-- All records of a person, locked in the common order. A merge may change which they are while this waits; whoever asks tries again then.
create or replace function private.lock_family(p_member_id uuid)
returns uuid[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_member_ids constant uuid[] := private.family_of(p_member_id);
begin
  perform from registry.members as m where m.id = any (v_member_ids) order by m.id for no key update;
  if private.family_of(p_member_id) <> v_member_ids then
    raise exception 'The record was merged or separated meanwhile.' using errcode = 'serialization_failure';
  end if;
  return v_member_ids;
end
$$;
comment on function private.lock_family is 'In: a member. Out: all records of the person, locked. Raises serialization_failure: call again.';
