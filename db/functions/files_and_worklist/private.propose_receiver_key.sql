-- Another key for the worklist and the files. It is a case, of which an organisation has one at a time: the key is stored when a second coordinator
-- has compared the fingerprint, or at once where the organisation does not ask for that. The key is called by its fingerprint, whatever it was
-- called before.
create or replace function private.propose_receiver_key(p_organization text, p_public_jwk jsonb)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s sync.member_systems;
  c registry.conflicts;
  v_known registry.conflicts;
  v_refusal text;
  v_thumbprint text;
begin
  select known.* into s from sync.member_systems as known join registry.organizations as g on g.id = known.organization_id
  where g.slug = p_organization and g.id = any (private.coordinator_organizations());
  v_refusal := case when s.id is null then 'not_found' else private.why_not_key(p_public_jwk) end;
  if v_refusal is null then
    v_known := private.lock_case(known.id) from registry.conflicts as known
      where known.organization_id = s.organization_id and known.fingerprint = 'receiver_key' and known.closed_at is null;
    v_refusal := case when v_known.state = 'proposed' then 'awaits_approval' end;
  end if;
  if v_refusal is not null then
    return private.refuse('propose_receiver_key', v_refusal, v_known.id);
  end if;
  perform private.supersede_cases(array[v_known.id], 'coordinator', 'Another key was proposed.');
  v_thumbprint := private.key_thumbprint(p_public_jwk);
  c.organization_id := s.organization_id;
  c.kind := 'receiver_key';
  c.fingerprint := 'receiver_key';
  c.detail := jsonb_strip_nulls(jsonb_build_object(
    'fingerprint', v_thumbprint, 'replaces', private.key_thumbprint(s.receiver_key),
    'public_jwk', jsonb_build_object('kid', v_thumbprint, 'kty', p_public_jwk -> 'kty', 'crv', p_public_jwk -> 'crv', 'x', p_public_jwk -> 'x',
      'y', p_public_jwk -> 'y')));
  c := private.open_case(c);
  if c.seen > 1 then -- a colleague proposed one at this moment
    return private.refuse('propose_receiver_key', 'awaits_approval', c.id);
  end if;
  return private.answer('propose_receiver_key', c.id, private.settle_case(c, 'accept_receiver_key', null, c.version));
end
$$;
comment on function private.propose_receiver_key is 'See api.propose_receiver_key.';
grant execute on function private.propose_receiver_key to authenticated;
