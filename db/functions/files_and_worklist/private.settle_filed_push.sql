-- The receiver's word on one change of a file is its delivery, or its refusal, and counts as its attempt.
create or replace function private.settle_filed_push(p_push sync.pushes, p_refused boolean)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes;
begin
  update sync.pushes set attempts = attempts + 1 where id = p_push.id returning * into p;
  insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, error_code, duration_ms)
  values (p.id, p.organization_id, p.attempts, private.actor(), case when p_refused then 'rejected' else 'delivered' end::sync.attempt_result,
    case when p_refused then 'refused_by_receiver' end, 0);
  if p_refused then
    p.error_code := 'refused_by_receiver';
    perform private.fail_push(p, 'rejected', 'push_rejected', 'The receiver of the file could not carry the change out; a case was opened.');
  else
    p.error_code := null;
    perform private.settle_push(p, 'delivered', 'push_delivered', 'The receiver of the file carried the change out.');
  end if;
end
$$;
comment on function private.settle_filed_push is 'In: a locked push of an acknowledged file, whether the receiver refused it.';
