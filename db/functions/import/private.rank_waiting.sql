-- Of several rows that want the same number the first in the file comes first.
create or replace function private.rank_waiting(p_run_id uuid)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  update registry.waiting_numbers as w set nth = r.nth
  from (
    select known.line, row_number() over (partition by known.personnummer_index order by known.line) as nth
    from registry.waiting_numbers as known where known.run_id = p_run_id
  ) as r
  where w.run_id = p_run_id and w.line = r.line;
  get diagnostics v_count = row_count;
  return v_count;
end
$$;
comment on function private.rank_waiting is 'In: a run. Out: how many numbers wait. Writes down for each row which of those it is that want its number.';
