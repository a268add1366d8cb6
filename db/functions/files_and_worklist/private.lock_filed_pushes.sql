-- Between the claim of a file and its end a consent may be withdrawn, or a record change. Locked, nothing more can happen to them.
create or replace function private.lock_filed_pushes(p_file sync.files, p_ids uuid[])
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from sync.pushes as p where p.id = any (p_ids) and p.organization_id = p_file.organization_id order by p.id for update;
  return (
    select count(*) = cardinality(p_ids) from sync.pushes as p
    join registry.members as m on m.id = p.member_id and m.merged_into is null
      and m.personnummer_index is not distinct from p.personnummer_index
    where p.id = any (p_ids) and p.organization_id = p_file.organization_id
      and p.state in ('pending', 'given_up') and p.next_attempt_at is not null and p.waits_for_conflict_id is null
      and not exists (select from sync.pushes as newer where newer.member_id = p.member_id and newer.state = 'pending' and newer.id <> p.id));
end
$$;
comment on function private.lock_filed_pushes is 'In: a locked file that is being written, the changes in it. Out: whether all of them still wait and carry what their records have; they are locked.';
