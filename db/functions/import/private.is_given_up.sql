-- Whether the member who has a waiting number gets another one by the same file. In a dry run nothing is written: there, who got another
-- number by an earlier row has the old one still, and a number that an earlier row got is on no record yet.
create or replace function private.is_given_up(p_run registry.import_runs, p_waiting registry.waiting_numbers)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select p_waiting.holder_id is not null
    and not exists (
      select from registry.import_lines as l
      where l.run_id = p_run.id and l.personnummer_index = p_waiting.personnummer_index)
    and (
      exists (
        select from registry.waiting_numbers as w
        where w.run_id = p_run.id and w.member_id = p_waiting.holder_id and w.nth = 1 and w.step in ('write', 'duplicate'))
      or exists (
        select from registry.members as m
        join registry.import_lines as l on l.run_id = p_run.id and l.external_id = m.external_id
        where m.id = p_waiting.holder_id and l.personnummer_index <> m.personnummer_index))
$$;
comment on function private.is_given_up is 'In: a run, a planned waiting number. Out: whether its present holder wants another number.';
