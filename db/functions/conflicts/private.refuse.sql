-- PostgREST takes the HTTP status from the setting response.status, and commits.
create or replace function private.refuse(p_action text, p_code text, p_id uuid)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('response.status', (select r.status::text from private.refusals() as r where r.code = p_code), true);
  perform private.record_refusal(p_action, p_code, p_id);
  return private.refusal(p_code);
end
$$;
comment on function private.refuse is 'In: what was asked, code of the refusal, the id asked about. Out: the answer. Sets the HTTP status; appends the audit event, or counts it.';
