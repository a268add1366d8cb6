-- Files that are no longer good: one that nobody acknowledged in time (its changes go into the next one, and a coordinator is told), and one
-- that nobody has fetched and in which a number is in question.
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
    perform private.open_member_system_case(f.organization_id, 'member_system file', '{"error_code": "not_acknowledged"}');
    perform private.record_event('file_expired', 'worker', f.organization_id,
      'Nobody acknowledged the file in time; its changes go into the next one.', p_detail => jsonb_build_object('file_id', f.id));
    v_count := v_count + 1;
  end loop;
  for f in
    select k.* from sync.files as k where k.state = 'ready' and k.fetched_at is null order by k.id for update skip locked
  loop
    if private.file_is_disputed(f) then
      perform private.withdraw_file(f.id);
      v_count := v_count + 1;
    end if;
  end loop;
  return v_count;
end
$$;
comment on function private.expire_files is 'Out: how many files expired or were taken back.';
