-- A worker says that it could not write a file at all. Nothing was tried of the single changes, so none of them
-- counts an attempt; but they carry the reason, and a coordinator is told, once.
create or replace function worker.fail_file(file_id uuid, worker_id text, error_code text)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  f sync.files;
begin
  select k.* into f from sync.files as k where k.id = fail_file.file_id for update;
  if f.state is distinct from 'writing' or f.leased_by <> fail_file.worker_id then
    return false;
  end if;
  update sync.files as k set state = 'expired', lease_expires_at = null, error_code = fail_file.error_code where k.id = f.id;
  update sync.pushes as p set error_code = fail_file.error_code
  where p.organization_id = f.organization_id and p.state = 'pending' and p.next_attempt_at <= clock_timestamp();
  perform private.open_member_system_case(
    f.organization_id, 'member_system file ' || fail_file.error_code, jsonb_build_object('error_code', fail_file.error_code));
  perform private.record_event('file_expired', 'worker', f.organization_id,
    format('No file could be written for the member system (%s); it is tried again.', fail_file.error_code),
    p_detail => jsonb_build_object('file_id', f.id, 'error_code', fail_file.error_code));
  return true;
end
$$;
comment on function worker.fail_file is 'In: the file, the worker''s name, a fixed code. Out: false when the file has been given up meanwhile.';
grant execute on function worker.fail_file to sync_worker;
