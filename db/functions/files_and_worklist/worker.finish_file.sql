-- A worker hands over a finished file. Changes that could not go into it (their number could not be read)
-- become cases. A file is sealed and cannot be mended: if one of its changes was cancelled or superseded while it was written, the
-- whole file is given up, and the next claim writes it anew without that change.
create or replace function worker.finish_file(file_id uuid, worker_id text, content text, push_ids uuid[], failed_ids uuid[], failed_codes text[])
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  f sync.files;
  p sync.pushes;
  v_until timestamptz;
begin
  select k.* into f from sync.files as k where k.id = finish_file.file_id for update;
  if f.state is distinct from 'writing' or f.leased_by <> finish_file.worker_id then
    return null;
  end if;
  select clock_timestamp() + s.accept_within into v_until from sync.member_systems as s where s.organization_id = f.organization_id;
  perform private.fail_filed_push(f, t.id, t.code) from unnest(finish_file.failed_ids, finish_file.failed_codes) as t(id, code);
  -- Between the claim of a file and its end a consent may be withdrawn, or a record change. Locked, nothing more can happen to its changes.
  perform from sync.pushes as k where k.id = any (finish_file.push_ids) and k.organization_id = f.organization_id order by k.id for update;
  if cardinality(finish_file.push_ids) = 0 or cardinality(finish_file.push_ids) <> (
    select count(*) from sync.pushes as k
    cross join lateral (select from private.push_standing as s where s.id = k.id and not s.is_obsolete limit 1) as stands
    where k.id = any (finish_file.push_ids) and k.organization_id = f.organization_id
      and k.state in ('pending', 'given_up') and k.next_attempt_at is not null and k.waits_for_conflict_id is null)
  then
    update sync.files as k set state = 'expired', lease_expires_at = null where k.id = f.id;
    return case when cardinality(finish_file.push_ids) = 0 then 0 end;
  end if;
  update sync.files as k
  set state = 'ready', content = finish_file.content, pushes = cardinality(finish_file.push_ids), ready_at = clock_timestamp(),
      accept_until = v_until, lease_expires_at = null
  where k.id = f.id;
  for p in
    update sync.pushes as k
    set state = 'pending', settled_at = null, file_id = f.id, error_code = null,
        accepted_until = v_until, next_attempt_at = v_until, leased_by = finish_file.worker_id
    where k.id = any (finish_file.push_ids)
    returning k.*
  loop
    perform private.record_push_event('push_accepted', p, 'The change is in a file for the member system.');
  end loop;
  perform private.record_event('file_written', 'worker', f.organization_id, format('A file with %s changes is ready to be fetched.',
    cardinality(finish_file.push_ids)), p_detail => jsonb_build_object('file_id', f.id));
  return cardinality(finish_file.push_ids);
end
$$;
comment on function worker.finish_file is 'In: the file, the worker''s name, the CSV as compact JWE, the changes in it, the changes that could not be read with their codes. Out: how many changes it carries; null when the file has been given up.';
grant execute on function worker.finish_file to sync_worker;
