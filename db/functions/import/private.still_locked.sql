-- While an import waits for some records, a number may change on another one that it had no business with until then. Nobody would wait
-- for what it does to that one: a login could fill it a moment before it is overwritten, or its case be obsolete before it is open.
create or replace function private.still_locked(p_steps private.import_step[], p_locked uuid[])
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select s.member_id from unnest(p_steps) as s where not s.is_new and (s.changed <> '{}' or s.number = 'conflict')
    except select unnest(p_locked))
  then
    raise exception 'A record was changed meanwhile.' using errcode = 'serialization_failure';
  end if;
end
$$;
comment on function private.still_locked is 'In: the steps of an import, the members that it has locked. Raises serialization_failure, so that the batch is sent again, if a step changes or asks about another member.';
