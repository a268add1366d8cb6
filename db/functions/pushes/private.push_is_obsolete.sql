-- For one push, what private.push_standing says.
create or replace function private.push_is_obsolete(p_push_id uuid)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select s.is_obsolete from private.push_standing as s where s.id = p_push_id);
end
$$;
comment on function private.push_is_obsolete is 'In: a push. Out: whether the record has moved on.';
