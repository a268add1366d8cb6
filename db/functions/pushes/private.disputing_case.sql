-- Which open case puts a record's number in question: a mismatch of that record (another login brought another number), or any case whose
-- login brought that very number and points at somebody else or nobody for certain. What a coordinator decided is in question only again
-- by a case that was opened after it.
create or replace function private.disputing_case(p sync.pushes)
returns uuid
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select c.id from registry.conflicts as c join registry.members as m on m.id = p.member_id
    where c.organization_id = p.organization_id and c.closed_at is null
      and (c.member_id = p.member_id or c.other_member_id = p.member_id or c.candidates @> array[p.member_id])
      and private.disputes_number(c.kind)
      and (not p.decided or c.opened_at > p.created_at)
      and (c.kind = 'mismatch' and c.member_id = p.member_id or m.personnummer_index = any (c.personnummer_index || c.personnummer_index_previous))
    order by c.opened_at, c.id limit 1);
end
$$;
comment on function private.disputing_case is 'In: a push. Out: the oldest open case in which its member''s number is in question; null: none.';
