-- An export is right as a whole: a number can go to another member when its holder gets another number by the same file, so two members'
-- numbers can be exchanged. A row is blocked when the holder keeps the number, or is blocked itself. One row is looked up from the
-- other by an index (offset 0: not joined any other way), however long the chain.
create or replace function private.mark_blocked(p_run registry.import_runs)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with recursive blocked as (
    select w.member_id from registry.waiting_numbers as w
    where w.run_id = p_run.id and w.nth = 1 and w.step = 'duplicate' and not private.is_given_up(p_run, w)
    union
    select next.member_id from blocked as b
    cross join lateral (
      select w.member_id from registry.waiting_numbers as w
      where w.run_id = p_run.id and w.holder_id = b.member_id and w.nth = 1 and w.step = 'duplicate' offset 0) as next
  )
  update registry.waiting_numbers as w set moving = false
  from blocked as b where w.run_id = p_run.id and w.member_id = b.member_id and w.nth = 1
$$;
comment on function private.mark_blocked is 'In: a run whose first rows are planned (private.plan_waiting). What cannot go to its member, even when all that can have given up theirs, does not move.';
