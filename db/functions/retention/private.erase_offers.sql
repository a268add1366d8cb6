-- A number that an import brought and a coordinator has judged is needed no longer than the judgement can be taken back.
create or replace function private.erase_offers(p_most integer)
returns integer
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with erased as (
    delete from registry.offered_numbers as n
    where n.conflict_id in (
      select c.id from registry.conflicts as c join registry.offered_numbers as known on known.conflict_id = c.id
      where c.closed_at < now() - private.undo_time() - interval '1 day' limit p_most)
    returning 1
  )
  select count(*)::integer from erased
$$;
comment on function private.erase_offers is 'In: how many at most. Out: how many numbers of imports were erased.';
