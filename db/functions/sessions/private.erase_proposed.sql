-- Nobody redeemed the code of a login that was to be linked: what it brought is erased. That somebody logged in stays.
create or replace function private.erase_proposed(p_observation registry.observations)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update registry.observations as o
  set given_name = null, family_name = null, birth_date = null, phone = null, email = null, traceparent = null,
      contact_erased_at = clock_timestamp(),
      number_erased_at = case when o.personnummer_index is not null then clock_timestamp() end,
      personnummer_index = null, personnummer_index_previous = '{}', personnummer_sealed = null, personnummer_masked = null
  where o.id = p_observation.id;
  perform private.record_event('proposal_expired', p_observation.source::text, p_observation.organization_id,
    'The login that was to be linked was not redeemed; what it brought was erased.', p_observation_id => p_observation.id);
end
$$;
comment on function private.erase_proposed is 'In: a proposed observation, locked, whose code is gone. Erases name, contact data and number.';
