-- Views of schema api are read; what coordinators change goes through its functions. Nobody has the right to write to one, but PostgreSQL
-- looks first whether a view can be written to at all, and that answer is a 500 at PostgREST. With this trigger it can, so the right is
-- asked for: 401 and 403. The trigger itself is met by the owner only.
create or replace function private.tg__refuse_write()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'The view %.% is read only.', TG_TABLE_SCHEMA, TG_TABLE_NAME
    using errcode = 'insufficient_privilege', hint = 'Changes go through the functions of schema api.';
end
$$;
comment on function private.tg__refuse_write is 'Trigger: refuses the statement with 42501.';
