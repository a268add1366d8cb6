-- Opens the session in the same statement that records the login: one call and one commit where there were two. Nothing that
-- goes wrong here may take the observation with it, nor wait for long: the fault is undone and told, and the callback then
-- opens the session by itself. query_canceled is named because OTHERS leaves it out, and statement_timeout raises it.
create or replace function login.admit(
  observation_id uuid, member_id uuid, ask_consent boolean, code_hash bytea, code_challenge text, return_to text,
  client_id text default null, scope text[] default '{}', nonce text default null
)
returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
begin
  if admit.member_id is null or admit.ask_consent then
    return 'not_now';
  elsif login.open_session(admit.observation_id, admit.code_hash, admit.code_challenge, admit.return_to, admit.client_id, admit.scope,
      admit.nonce) then
    return 'opened';
  end if;
  return 'refused';
exception when query_canceled or others then
  return SQLSTATE;
end
$$;
comment on function login.admit is 'In: what login.record_observation answered, then as login.open_session. Out: opened, refused, not_now (nobody is let in yet), or the SQLSTATE of a fault.';
grant execute on function login.admit to auth_callback;
