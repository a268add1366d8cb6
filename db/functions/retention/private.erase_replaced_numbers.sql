-- The number that a decision replaced is kept with it for as long as the decision can be taken back, and no longer. Chosen
-- first, then updated by id, as in private.erase_contacts.
create or replace function private.erase_replaced_numbers(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant uuid[] := array(
    select r.id from registry.resolutions as r
    where coalesce(((r.before).number).sealed, ((r.before).survivor_number).sealed) is not null
      and r.decided_at < now() - private.undo_time() - interval '1 day'
    order by r.decided_at limit p_most for update skip locked);
begin
  update registry.resolutions as r
  set before.number.index = null, before.number.sealed = null, before.number.masked = null, before.survivor_number = null
  where r.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_replaced_numbers is 'In: how many at most. Out: how many decisions lost every form of the number that they replaced.';
