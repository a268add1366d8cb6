-- Why an invoice was not issued, in words for people who do not read codes. docs/error-codes.md has every code. What the service answers says
-- something about this invoice at this moment, and nothing about the person.
create or replace function billing.explain_state(p_state billing.invoice_state, p_error_code text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_state = 'no_consent' then 'The recipient could not be reached by eFaktura for this invoice. Send it in another way.'
    when p_state = 'ambiguous' then 'The contact data fit more than one recipient. Send the invoice in another way.'
    when p_state = 'not_enough_data'
      then 'Too little is recorded about the member to ask for eFaktura. Nothing was asked. Send the invoice in another way.'
    when p_state = 'cancelled' then 'The invoice was cancelled.'
    when p_error_code = 'issuer_not_allowed' then 'The organisation may not issue invoices at the invoice service. The operator must look at it.'
    when p_error_code in ('http_401', 'token_refused') then 'The invoice service does not accept our credentials. They must be renewed.'
    when p_error_code in ('issuer_misconfigured', 'secret_missing', 'address_refused', 'redirect_refused')
      then 'The connection to the invoice service is not set up right. The operator must look at it.'
    when p_error_code in ('sealing_key_unknown', 'index_secret_unknown') then 'The worker lacks a key. The operator must add it.'
    when p_error_code in ('timeout', 'task_timeout', 'connection_failed', 'tls_failed', 'token_unavailable')
      then 'The invoice service could not be reached.'
    when p_error_code in ('http_408', 'http_425', 'http_429') then 'The invoice service is busy and asked us to come back later.'
    when p_error_code in ('http_5xx', 'response_too_large', 'http_unexpected', 'redirect_temporary', 'issue_token_missing')
      then 'The invoice service has an error of its own.'
    when p_error_code = 'issue_token_expired' then 'The permission to issue ran out before the invoice was sent. It is asked for anew.'
    when p_error_code = 'look_ups_used_up' then 'The invoice service was asked often enough for this invoice today. It is tried again tomorrow.'
    when p_error_code = 'invoice_overdue' then 'The due date has passed. Make a new invoice.'
    when p_error_code in ('sealed_value_broken', 'sealed_value_mismatch')
      then 'The stored number could not be read, or is not this member''s. The operator must look at it.'
    when p_error_code in ('http_4xx', 'http_409', 'look_up_refused') then 'The invoice service refused the invoice.'
    when p_error_code in ('worker_stopping', 'lease_lost', 'database_failed', 'database_row_unexpected')
      then 'The attempt was interrupted. It is made again.'
    when p_error_code is not null then 'Something unexpected happened. The operator must look at it.'
  end
$$;
comment on function billing.explain_state is 'In: state and failure of an invoice. Out: a sentence; null: nothing is wrong.';
grant execute on function billing.explain_state to authenticated; -- called by views
