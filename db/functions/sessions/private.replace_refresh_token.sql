-- One step of the chain: the token is replaced by the next one, and only it keeps its salt, because only the one before the current may
-- come again. The session lives on from here.
create or replace function private.replace_refresh_token(p_token registry.refresh_tokens, p_next_hash bytea)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update registry.refresh_tokens set successor_salt = null where session_id = p_token.session_id and successor_salt is not null;
  update registry.refresh_tokens set replaced_at = now(), successor_salt = p_token.successor_salt where token_hash = p_token.token_hash;
  insert into registry.refresh_tokens (token_hash, session_id) values (p_next_hash, p_token.session_id);
  update registry.sessions set expires_at = now() + interval '30 days' where id = p_token.session_id;
end
$$;
comment on function private.replace_refresh_token is 'In: the current token with the salt of the next, SHA-256 of the next. The session must be locked.';
