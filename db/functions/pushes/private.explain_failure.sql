-- Why a change has not arrived, in words for people who do not read codes. docs/error-codes.md has every code.
create or replace function private.explain_failure(p_error_code text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_error_code in ('http_401', 'http_403', 'token_refused') then 'The member system does not accept our credentials. They must be renewed.'
    when p_error_code in ('member_system_missing', 'member_system_misconfigured', 'secret_missing', 'address_refused', 'redirect_refused',
                          'receiver_key_unusable')
      then 'The connection to the member system is not set up right. The operator must look at it.'
    when p_error_code in ('sealing_key_unknown', 'index_secret_unknown') then 'The worker lacks a key. The operator must add it.'
    when p_error_code in ('timeout', 'task_timeout', 'connection_failed', 'tls_failed', 'token_unavailable')
      then 'The member system could not be reached.'
    when p_error_code = 'redirect_temporary' then 'The member system sends us elsewhere for now, as systems do during maintenance.'
    when p_error_code in ('http_5xx', 'response_too_large', 'http_unexpected') then 'The member system has an error of its own.'
    when p_error_code in ('http_408', 'http_425', 'http_429') then 'The member system is busy and asked us to come back later.'
    when p_error_code in ('external_id_missing', 'external_id_unusable', 'personnummer_in_url')
      then 'The member''s id in the member system is missing or cannot be used.'
    when p_error_code in ('sealed_value_broken', 'sealed_value_mismatch')
      then 'The stored number could not be read, or is not this member''s. The operator must look at it.'
    when p_error_code in ('http_4xx', 'http_409', 'refused_by_receiver') then 'The member system refused the change.'
    when p_error_code in ('acceptance_expired', 'not_acknowledged')
      then 'The change was taken in, but nobody confirmed in time that it was carried out.'
    when p_error_code in ('acceptance_failed', 'status_url_refused', 'status_lost')
      then 'The member system took the change in and then could not carry it out.'
    when p_error_code in ('worker_stopping', 'lease_lost', 'database_failed', 'database_row_unexpected')
      then 'The attempt was interrupted. It is made again.'
    when p_error_code = 'disputed' then 'The number is in question in an open case. It is sent, or dropped, when the case is settled.'
    when p_error_code is not null then 'Something unexpected happened. The operator must look at it.'
  end
$$;
comment on function private.explain_failure is 'In: code of a failure. Out: a sentence in plain words.';
grant execute on function private.explain_failure to authenticated;
