-- Said once: for decisions, and for what is kept to take them back.
create or replace function private.undo_time()
returns interval
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select interval '30 days'
$$;
comment on function private.undo_time is 'Out: how long a decision can be taken back.';
grant execute on function private.undo_time to authenticated; -- called by private.undo_until
