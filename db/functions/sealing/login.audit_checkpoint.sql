-- The newest checkpoint is public: it holds a number of events, a hash and signatures.
create or replace function login.audit_checkpoint()
returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select c.signed_note from audit.checkpoints as c order by c.tree_size desc limit 1
$$;
comment on function login.audit_checkpoint is 'Out: the newest signed checkpoint; null where there is none yet.';
grant execute on function login.audit_checkpoint to auth_callback;
