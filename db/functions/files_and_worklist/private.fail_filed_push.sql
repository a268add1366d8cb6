-- A change that cannot go into a file: what can never be read is a case, what lacks a key waits for the next file.
create or replace function private.fail_filed_push(p_file sync.files, p_push_id uuid, p_error_code text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes;
begin
  select known.* into p from sync.pushes as known
  where known.id = p_push_id and known.organization_id = p_file.organization_id and known.state in ('pending', 'given_up') for update;
  if p.id is null then
    return;
  end if;
  update sync.pushes set attempts = attempts + 1, leased_by = p_file.leased_by where id = p.id returning * into p;
  p.error_code := p_error_code;
  insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, error_code, duration_ms)
  values (p.id, p.organization_id, p.attempts, p.leased_by,
    case when p_error_code in ('sealing_key_unknown', 'index_secret_unknown') then 'retry' else 'rejected' end::sync.attempt_result, p_error_code, 0);
  if p_error_code in ('sealing_key_unknown', 'index_secret_unknown') then
    update sync.pushes set error_code = p_error_code, next_attempt_at = clock_timestamp() + interval '10 minutes' where id = p.id;
    perform private.record_push_event('push_attempt_failed', p,
      format('The change could not go into a file (%s); the next one takes it.', p_error_code));
  else
    perform private.fail_push(p, 'rejected', 'push_rejected', 'The change could not go into a file; a case was opened.');
  end if;
end
$$;
comment on function private.fail_filed_push is 'In: a file, a push that could not go into it, why.';
