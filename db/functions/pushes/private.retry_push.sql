-- One push is tried again as several are.
create or replace function private.retry_push(p_push_id uuid)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return (private.retry_pushes(array[p_push_id]))[1];
end
$$;
comment on function private.retry_push is 'In: a push. Out: the push that is queued now, or the code of a refusal.';
