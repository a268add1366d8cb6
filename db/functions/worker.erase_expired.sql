-- The retention task: what was kept for a time only goes when the time is over, some thousands at once so that logins never
-- wait for it. The caller repeats until nothing is left.
create or replace function worker.erase_expired(most integer)
returns integer
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  v_contacts constant integer := private.erase_contacts(most);
  v_numbers constant integer := private.erase_numbers(most);
  v_offers constant integer := private.erase_offers(most);
begin
  if greatest(v_contacts, v_numbers, v_offers) > 0 then
    perform private.record_event('data_erased', 'worker', null, 'Data of old logins was erased, because the time set for it is over.',
      p_detail => jsonb_build_object('contacts', v_contacts, 'numbers', v_numbers, 'offers', v_offers));
  end if;
  return greatest(v_contacts, v_numbers, v_offers);
end
$$;
comment on function worker.erase_expired is 'In: how many rows of a kind at most. Out: how many were erased of the kind with the most; when it is as many as asked for, there may be more.';
grant execute on function worker.erase_expired to sync_worker;
