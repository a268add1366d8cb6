-- The record loses the number that it had by consent, and the member system is to lose it too.
create or replace function private.remove_consented_number(m registry.members)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.write_numbers(array[m.id], null);
  perform private.record_event('number_removed', 'app', m.organization_id,
    'The personnummer was removed: the member withdrew the consent that it was stored with.',
    p_member_id => m.id, p_push_id => private.queue_push(m.id));
end
$$;
comment on function private.remove_consented_number is 'In: a locked member whose number was stored with consent (private.consent_is_basis). Removes it, and queues its removal at the member system.';
