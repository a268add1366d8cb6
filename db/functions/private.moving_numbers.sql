-- An export is right as a whole. A number can go to another member when the one who has it gets another number by the same file, who
-- may in turn wait for a third one; so two members' numbers can be exchanged. Whoever waits for somebody who stays as they are, stays too.
create or replace function private.moving_numbers(p_run registry.import_runs, p_steps private.import_step[])
returns setof private.import_step
language sql stable
set search_path = ''
as $$
  with recursive blocked as (
    select s.member_id from unnest(p_steps) as s
    where s.number = 'duplicate' and (s.other_member_id is null or exists ( -- in a dry run, a row before has got it
        select from registry.import_lines as l
        where l.run_id = p_run.id and l.personnummer_index = (s.imported).personnummer_index)
      or not exists (
        select from unnest(p_steps) as giving where giving.member_id = s.other_member_id and giving.number in ('duplicate', 'write'))
      and not exists ( -- in a dry run, who got another number by an earlier row has the old one still
        select from registry.members as m
        join registry.import_lines as l on l.run_id = p_run.id and l.external_id = m.external_id
        where m.id = s.other_member_id and l.personnummer_index <> m.personnummer_index))
    union
    select s.member_id from blocked as b join unnest(p_steps) as s on s.other_member_id = b.member_id and s.number = 'duplicate'
  )
  select s.member_id, s.is_new, case when s.is_new then '{}' else array['personnummer'] end, 'write'::private.number_step, null::uuid, s.imported
  from unnest(p_steps) as s
  where s.number in ('duplicate', 'write') and s.member_id not in (select b.member_id from blocked as b)
$$;
comment on function private.moving_numbers is 'In: a run, steps for waiting numbers. Out: steps that write those which can go to their members, once all of these have given up their own.';
