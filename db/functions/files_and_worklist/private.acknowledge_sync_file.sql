-- Only changes that still wait in this file are settled: one that a newer change has overtaken is in a later file. A mistyped id would
-- turn a refusal into a delivery, so an id that is not in the file stops it all.
create or replace function private.acknowledge_sync_file(p_file_id uuid, p_refused text[])
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  f constant sync.files := private.lock_file(p_file_id);
  p sync.pushes;
  v_counts jsonb;
begin
  if f.id is null then
    return private.refuse('acknowledge_sync_file', 'not_found', p_file_id);
  elsif f.state <> 'ready' then
    return private.refuse('acknowledge_sync_file', 'not_ready', p_file_id);
  elsif exists (
    select n.external_id from unnest(p_refused) as n(external_id) where n.external_id is not null
    except
    select m.external_id from sync.pushes as known join registry.members as m on m.id = known.member_id
    where known.organization_id = f.organization_id and known.file_id = f.id
  ) then
    return private.refuse('acknowledge_sync_file', 'not_in_file', p_file_id);
  end if;
  for p in
    select known.* from sync.pushes as known
    where known.organization_id = f.organization_id and known.file_id = f.id and known.state = 'pending' order by known.id for update
  loop
    -- The receiver's word on a change is its delivery, or its refusal, and counts as its attempt.
    update sync.pushes set attempts = attempts + 1 where id = p.id returning * into p;
    p.error_code := (
      select 'refused_by_receiver' from registry.members as m
      where m.id = p.member_id and m.external_id = any (p_refused));
    insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, error_code, duration_ms)
    values (p.id, p.organization_id, p.attempts, private.actor(),
      case when p.error_code is null then 'delivered' else 'rejected' end::sync.attempt_result, p.error_code, 0);
    if p.error_code is null then
      perform private.settle_push(p, 'delivered', 'push_delivered', 'The receiver of the file carried the change out.');
    else
      perform private.fail_push(p, 'rejected', 'push_rejected', 'The receiver of the file could not carry the change out; a case was opened.');
    end if;
  end loop;
  update sync.files set state = 'acknowledged', content = null, acknowledged_at = clock_timestamp(), acknowledged_by = private.actor()
  where id = f.id;
  select jsonb_build_object('file_id', f.id, 'delivered', count(*) filter (where known.state = 'delivered'),
    'refused', count(*) filter (where known.state = 'rejected')) into v_counts
  from sync.pushes as known where known.organization_id = f.organization_id and known.file_id = f.id;
  perform private.close_member_system_case(f.organization_id);
  perform private.record_event('file_acknowledged', 'coordinator', f.organization_id, 'A coordinator acknowledged the file.', p_detail => v_counts);
  return v_counts;
end
$$;
comment on function private.acknowledge_sync_file is 'See api.acknowledge_sync_file.';
grant execute on function private.acknowledge_sync_file to authenticated;
