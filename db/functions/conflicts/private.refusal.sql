-- What a refusal looks like: the shape that supabase-js reads errors from.
create or replace function private.refusal(p_code text)
returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('code', r.code, 'message', r.message, 'details', null, 'hint', null)
  from private.refusals() as r where r.code = p_code
$$;
comment on function private.refusal is 'In: code of a refusal. Out: the answer.';
