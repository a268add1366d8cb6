-- A file that nobody acknowledged in time: its changes go into the next one, and a coordinator is told.
create or replace function private.expire_files()
returns integer
language plpgsql volatile
set search_path = ''
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
    update sync.pushes set accepted_until = null, file_id = null, error_code = 'not_acknowledged', next_attempt_at = clock_timestamp()
    where organization_id = f.organization_id and file_id = f.id and settled_at is null;
    insert into registry.conflicts as c (organization_id, kind, fingerprint, detail)
    values (f.organization_id, 'member_system', 'member_system file', jsonb_build_object('error_code', 'not_acknowledged'))
    on conflict (organization_id, fingerprint) where state = 'open' do update set seen = c.seen + 1, last_seen_at = clock_timestamp();
    perform private.record_event('file_expired', 'worker', f.organization_id,
      'Nobody acknowledged the file in time; its changes go into the next one.', p_detail => jsonb_build_object('file_id', f.id));
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;
comment on function private.expire_files is 'Out: how many files expired.';
