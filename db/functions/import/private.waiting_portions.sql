-- Waiting numbers a thousand at a time, so that memory does not grow with the file.
create or replace function private.waiting_portions(p_run_id uuid, p_which text)
returns setof integer[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(w.line order by w.line)
  from (
    select known.line, (row_number() over (order by known.line) - 1) / 1000 as portion
    from registry.waiting_numbers as known
    where known.run_id = p_run_id and case p_which
      when 'first' then known.nth = 1
      when 'moving' then known.moving
      when 'staying' then known.nth = 1 and not known.moving
      when 'later' then known.nth > 1
      when 'taken' then known.nth > 1 and known.step <> 'write'
    end
  ) as w
  group by w.portion order by w.portion
$$;
comment on function private.waiting_portions is 'In: a run; first (the first rows of each number), moving or staying (of these), later (the other rows), or taken (those of them whose number somebody has). Out: lines of its file, in portions.';
