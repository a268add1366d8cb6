-- A session goes a month after the day it ran out, or would have run out had it not ended before: by then the merge that moved it
-- cannot be taken back either. A code or token of it is then unknown, and refused as before; what happened to it is in the audit.
create or replace function private.erase_sessions(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant uuid[] := array(
    select s.id from registry.sessions as s
    where s.expires_at < now() - interval '31 days'
      and not exists (select from registry.refresh_tokens as t where t.session_id = s.id)
    order by s.expires_at limit p_most for update skip locked);
begin
  delete from registry.sessions as s where s.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_sessions is 'In: how many at most. Out: how many sessions were erased that have no tokens left.';
