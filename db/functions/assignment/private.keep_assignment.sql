-- The coordinator who looks after a case did something about it: the seven days begin anew.
create or replace function private.keep_assignment(p_conflict_id uuid)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  update registry.conflicts set assigned_until = now() + interval '7 days'
  where id = p_conflict_id and assigned_to = private.caller_id() and private.is_assigned(assigned_to, assigned_until)
$$;
comment on function private.keep_assignment is 'In: a locked case. Lengthens its assignment where it is the caller''s.';
