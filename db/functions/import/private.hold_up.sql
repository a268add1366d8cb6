-- An export is right as a whole. A number can go to another member when the one who has it gets another number by the same file, who
-- may in turn wait for a third one; so two members' numbers can be exchanged. Whoever waits for somebody who stays as they are, stays
-- too. One row is looked up from the other by an index (offset 0: not joined any other way), however long the chain.
create or replace function private.hold_up(p_run registry.import_runs)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with recursive staying as (
    select w.member_id from registry.waiting_numbers as w
    where w.run_id = p_run.id and w.nth = 1 and w.step = 'duplicate' and not private.is_given_up(p_run, w)
    union
    select next.member_id from staying as b
    cross join lateral (
      select w.member_id from registry.waiting_numbers as w
      where w.run_id = p_run.id and w.holder_id = b.member_id and w.nth = 1 and w.step = 'duplicate' offset 0) as next
  )
  update registry.waiting_numbers as w set moving = false
  from staying as b where w.run_id = p_run.id and w.member_id = b.member_id and w.nth = 1
$$;
comment on function private.hold_up is 'In: a run whose first rows are planned (private.plan_waiting). What cannot go to its member, even when all that can have given up theirs, does not move.';
