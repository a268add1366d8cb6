-- Whoever writes a row about a member, and has not locked the record, meets somebody who erases the person here: one of them waits. The lock is
-- the one that a foreign key takes, so nobody else waits for it.
create or replace function private.hold_member(p_member_id uuid)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from registry.members as m where m.id = p_member_id and m.erased_at is null for key share;
  return found;
end
$$;
comment on function private.hold_member is 'In: a member. Out: whether the record is still there; then the person is not erased until the transaction ends.';
