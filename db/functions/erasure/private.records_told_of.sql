-- Which records of a person the member system may have had a number of from us: something was begun to be sent, or stands in a file, and no removal
-- has arrived since.
create or replace function private.records_told_of(p private.person)
returns uuid[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select last.member_id from (
      select distinct on (u.member_id) u.member_id, u.state, u.removal from sync.pushes as u
      where u.id = any (p.push_ids) and (u.attempts > 0 or u.file_id is not null)
      order by u.member_id, u.created_at desc, u.id) as last
    where not (last.state = 'delivered' and last.removal)
    order by last.member_id)
$$;
comment on function private.records_told_of is 'In: a person. Out: the records that a removal is due for.';
