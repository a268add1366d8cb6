-- What a file would carry now: what waits, and what was given up and is tried once a day, which may be from a time when the changes went
-- another way; of one member the last. Changes whose record has moved on are settled first: no later file could carry them either, so
-- they would wait for ever.
create or replace function private.changes_for_file(p_organization_id uuid)
returns uuid[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes;
begin
  for p in
    select known.* from sync.pushes as known
    join registry.members as m on m.id = known.member_id
    where known.organization_id = p_organization_id and known.state in ('pending', 'given_up') and known.next_attempt_at <= clock_timestamp()
      and (m.merged_into is not null and m.erased_at is null or m.personnummer_index is distinct from known.personnummer_index)
    order by known.id for update of known skip locked
  loop
    if private.push_is_obsolete(p.id) then
      perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
    end if;
  end loop;
  return (
    select array_agg(due.id) from (
      select known.id from sync.pushes as known
      join registry.members as m on m.id = known.member_id and (m.merged_into is null or m.erased_at is not null)
        and m.personnummer_index is not distinct from known.personnummer_index
      where known.organization_id = p_organization_id and known.state in ('pending', 'given_up') and known.next_attempt_at <= clock_timestamp()
        and not exists (
          select from sync.pushes as later
          where later.organization_id = known.organization_id and later.member_id = known.member_id
            and later.state in ('pending', 'given_up') and later.next_attempt_at is not null
            and (later.created_at, later.id) > (known.created_at, known.id))
      order by known.created_at limit 10000
    ) as due);
end
$$;
comment on function private.changes_for_file is 'In: an organisation. Out: the changes that are due for a file, the oldest first; null: none.';
