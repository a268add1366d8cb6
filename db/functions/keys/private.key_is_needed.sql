-- May a key go? Of a push that is settled for good the index only tells what was sent, so it keeps no key.
create or replace function private.key_is_needed(p_kind text, p_key text)
returns table (place text, rows bigint)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select u.place, u.rows from private.keys_in_use() as u where u.kind = p_kind and u.key = p_key and u.place <> 'sync.pushes'
  union all
  select 'sync.pushes', count(*) from sync.pushes as p
  where p_kind = 'index' and split_part(p.personnummer_index, '.', 1) = p_key and (p.settled_at is null or p.next_attempt_at is not null)
  having count(*) > 0
  order by 1
$$;
comment on function private.key_is_needed is 'In: index or sealed, a version or kid. Out: where rows still need that key; nothing: it may go. Reads whole tables.';
