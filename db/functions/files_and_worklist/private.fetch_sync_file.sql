-- Fetching numbers leaves a trace in the same transaction. From then on the file cannot be taken back (private.withdraw_file).
create or replace function private.fetch_sync_file(p_file_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  f constant sync.files := private.lock_file(p_file_id);
begin
  if f.id is null then
    return private.refuse('fetch_sync_file', 'not_found', p_file_id);
  elsif f.state <> 'ready' then
    return private.refuse('fetch_sync_file', 'not_ready', p_file_id);
  end if;
  update sync.files set fetched_at = clock_timestamp() where id = f.id and fetched_at is null;
  perform private.record_repeatable(private.actor() || ' ' || f.id, 'file_fetched', 'coordinator', f.organization_id,
    format('A coordinator fetched a sealed file with %s changes.', f.pushes),
    p_detail => jsonb_build_object('file_id', f.id));
  return jsonb_build_object('file_id', f.id, 'sealed', f.content, 'changes', f.pushes);
end
$$;
comment on function private.fetch_sync_file is 'See api.fetch_sync_file.';
grant execute on function private.fetch_sync_file to authenticated;
