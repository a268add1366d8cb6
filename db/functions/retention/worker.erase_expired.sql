-- The retention task: what was kept for a time only goes when the time is over, some thousands at once so that logins never
-- wait for it. The caller repeats until nothing is left. In this order: a session goes after its tokens, a dry run after its lines.
create or replace function worker.erase_expired(most integer)
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_contacts constant integer := private.erase_contacts(most);
  v_numbers constant integer := private.erase_numbers(most);
  v_cases constant integer := private.erase_case_numbers(most);
  v_offers constant integer := private.erase_offers(most);
  v_decisions constant integer := private.erase_replaced_numbers(most);
  v_refresh_tokens constant integer := private.erase_refresh_tokens(most);
  v_sessions constant integer := private.erase_sessions(most);
  v_import_lines constant integer := private.erase_import_lines(most);
  v_dry_runs constant integer := private.erase_dry_runs(most);
  v_imports constant integer := private.abandon_imports(most);
  v_revocations constant integer := private.erase_revocations(most);
  v_events constant integer := private.redact_events(most);
  v_highest constant integer := greatest(
    v_contacts, v_numbers, v_cases, v_offers, v_decisions, v_refresh_tokens, v_sessions, v_import_lines, v_dry_runs, v_imports,
    v_revocations, v_events);
begin
  if v_highest > 0 then
    perform private.record_event('data_erased', 'worker', null, 'Data was erased, because the time set for it is over.',
      p_detail => jsonb_build_object('contacts', v_contacts, 'numbers', v_numbers + v_cases, 'offers', v_offers, 'decisions', v_decisions,
        'refresh_tokens', v_refresh_tokens, 'sessions', v_sessions, 'import_lines', v_import_lines, 'dry_runs', v_dry_runs,
        'imports', v_imports) || case when v_revocations > 0 then jsonb_build_object('revocations', v_revocations) else '{}' end
        || case when v_events > 0 then jsonb_build_object('events', v_events) else '{}' end);
  end if;
  return v_highest;
end
$$;
comment on function worker.erase_expired is 'In: how many rows of a kind at most. Out: how many were erased of the kind with the most; when it is as many as asked for, there may be more.';
grant execute on function worker.erase_expired to sync_worker;
