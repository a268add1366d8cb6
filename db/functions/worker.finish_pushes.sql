-- The same door for many deliveries at once, and for what comes next: one round trip and one commit a push, instead of five. It
-- takes the ordinary ones only, after which nothing else is to be put right: no breaker, no case, no older value that was overtaken.
-- Whatever is left out has changed nothing and is reported one at a time (worker.finish_push). The commit is not waited for on the
-- disk: what a crash of the server takes back is a push that is being sent, and is sent again under the same key.
create or replace function worker.finish_pushes(
  push_ids uuid[], fencing_tokens bigint[], worker_ids text[], http_statuses integer[], durations_ms integer[], next_worker_ids text[]
)
returns table (
  finished uuid[], push_id uuid, worker_id text, fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid,
  external_id text, personnummer_sealed text, personnummer_index text, member_system jsonb,
  lease_ms integer, delay_ms integer, status_url text, overdue boolean
)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  v_ids constant uuid[] := private.lock_ordinary_deliveries(finish_pushes.push_ids, finish_pushes.fencing_tokens, finish_pushes.worker_ids);
  v_after_ids uuid[];
  v_names text[];
  v_next_ids uuid[];
begin
  finished := coalesce(v_ids, '{}');
  if v_ids is null then
    return next;
    return;
  end if;
  perform set_config('synchronous_commit', 'off', true);
  perform private.record_deliveries(v_ids, finish_pushes.push_ids, finish_pushes.http_statuses, finish_pushes.durations_ms);
  select array_agg(t.id), array_agg(t.name) into v_after_ids, v_names
  from unnest(finish_pushes.push_ids, finish_pushes.next_worker_ids) as t(id, name) where t.name is not null and t.id = any (v_ids);
  v_next_ids := private.lock_next_pushes(v_after_ids);
  return next;
  if v_next_ids is not null then
    return query select null::uuid[], c.* from private.claim_locked(v_next_ids, v_names) as c;
    perform private.drop_jobs_of_claimed(v_next_ids);
  end if;
end
$$;
comment on function worker.finish_pushes is 'In: pushes that were delivered, and beside each its fencing token, the name it was claimed under, HTTP status, duration in milliseconds, and the name under which to claim the next one (null: none). Out: first those that are settled (the others have to be reported one at a time), then the claims, as worker.claim_push.';
grant execute on function worker.finish_pushes to sync_worker;
