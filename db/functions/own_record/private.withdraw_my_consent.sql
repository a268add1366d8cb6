-- What the provider's message does (private.revoke_login), and more, because this one is verified: a number that was stored with consent goes,
-- here and at the member system. The number is locked before the member, as by everybody who gives numbers to members.
create or replace function private.withdraw_my_consent()
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_member_id constant uuid := private.calling_member();
  m registry.members;
  v_providers registry.provider[];
  v_number text := 'none';
begin
  select known.* into m from registry.members as known where known.id = v_member_id;
  perform private.lock_number(m.organization_id, m.personnummer_masked) where m.personnummer_masked is not null;
  select known.* into m from registry.members as known where known.id = v_member_id for no key update;
  if m.id is null or private.calling_member() is distinct from m.id then -- merged, or signed out, while this waited
    return private.refuse('withdraw_my_consent', 'not_found', null);
  end if;
  v_providers := private.withdrawable_providers(m);
  if v_providers = '{}' then
    return private.refuse('withdraw_my_consent', 'nothing_to_withdraw', null);
  end if;
  perform private.revoke_own_login(l) from registry.identity_links as l
  where l.organization_id = m.organization_id and l.member_id = m.id and l.provider = any (v_providers);
  if private.consent_is_basis(m) then
    perform private.remove_consented_number(m);
    v_number := 'removed';
  elsif m.personnummer_index is not null then
    v_number := 'kept';
  end if;
  perform private.forget_withdrawn_numbers(m, v_providers);
  perform private.close_obsolete_cases(m.organization_id, array[m.id], 'app');
  return jsonb_build_object('providers', v_providers, 'number', v_number);
end
$$;
comment on function private.withdraw_my_consent is 'See api.withdraw_my_consent.';
grant execute on function private.withdraw_my_consent to authenticated;
