-- Every token of a session is kept while the session lives, so that the reuse of an old one is noticed, and a month beyond its last
-- day. A session may have thousands, so they go before it, some at a time.
create or replace function private.erase_refresh_tokens(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant bytea[] := array(
    select t.token_hash from registry.sessions as s join registry.refresh_tokens as t on t.session_id = s.id
    where s.expires_at < now() - interval '31 days'
    limit p_most);
begin
  delete from registry.refresh_tokens as t where t.token_hash = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_refresh_tokens is 'In: how many at most. Out: how many tokens were erased of sessions that are to go.';
