-- The code of a login that was proposed to be linked: alone it opens nothing. The same code again is the same call, repeated because its
-- answer was lost.
create or replace function private.give_link_code(p_observation_id uuid, p_code_hash bytea, p_code_challenge text, p_return_to text)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update registry.link_proposals as p
  set return_to = p_return_to, code_hash = p_code_hash, code_challenge = p_code_challenge,
      code_expires_at = coalesce(p.code_expires_at, now() + interval '60 seconds')
  from registry.organizations as g
  where p.observation_id = p_observation_id and p.proposed_at > now() - interval '15 minutes'
    and g.id = p.organization_id and p_return_to = any (g.return_to)
    and (p.code_hash is null or (p.code_hash, p.code_challenge) = (p_code_hash, p_code_challenge));
  return found;
end
$$;
comment on function private.give_link_code is 'In: a proposed observation, SHA-256 of the new code, PKCE S256 challenge, registered return address. Out: whether the code may be given out. It lives 60 seconds.';
