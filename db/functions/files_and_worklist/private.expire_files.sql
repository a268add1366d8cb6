-- A file that nobody acknowledged in time: its changes go into the next one, and a coordinator is told.
create or replace function private.expire_files()
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  f sync.files;
  v_count integer := 0;
begin
  for f in
    update sync.files as k set state = 'expired', content = null
    where k.state = 'ready' and k.accept_until < clock_timestamp()
    returning k.*
  loop
    perform private.empty_file(f, 'not_acknowledged');
    perform private.open_file_case(f.organization_id, 'member_system file', 'not_acknowledged');
    perform private.record_event('file_expired', 'worker', f.organization_id,
      'Nobody acknowledged the file in time; its changes go into the next one.', p_detail => jsonb_build_object('file_id', f.id));
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;
comment on function private.expire_files is 'Out: how many files expired.';
