-- The code of a login that was proposed to be linked: alone it opens nothing. The same code again is the same call, repeated because its
-- answer was lost.
create or replace function private.give_link_code(p_observation_id uuid, r registry.code_request)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update registry.link_proposals as p
  set return_to = r.return_to, code_hash = r.code_hash, code_challenge = r.code_challenge, client_id = r.client_id, scope = r.scope,
      nonce = r.nonce, code_expires_at = coalesce(p.code_expires_at, now() + interval '60 seconds')
  where p.observation_id = p_observation_id and p.proposed_at > now() - interval '15 minutes'
    and private.may_return_to(p.organization_id, 'members', r.client_id, r.return_to)
    and (p.code_hash is null or (p.code_hash, p.code_challenge) = (r.code_hash, r.code_challenge));
  return found;
end
$$;
comment on function private.give_link_code is 'In: a proposed observation, what the app asked for, with the new code. Out: whether the code may be given out. It lives 60 seconds.';
