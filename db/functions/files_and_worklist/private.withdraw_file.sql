-- A change in a file was cancelled, or its number is in question. While nobody has fetched the file it can be taken back: the others go into
-- a new one at once, which is why this one no longer counts as having been ready. What was fetched cannot be called back.
create or replace function private.withdraw_file(p_file_id uuid)
returns sync.files
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  f sync.files;
begin
  update sync.files as k set state = 'expired', content = null, ready_at = null, accept_until = null
  where k.id = p_file_id and k.state = 'ready' and k.fetched_at is null
  returning k.* into f;
  if f.id is not null then
    perform private.empty_file(f, null);
    perform private.record_event('file_expired', 'worker', f.organization_id,
      'A change in the file was cancelled, or its number is in question, before anybody fetched it; the others go into a new one.',
      p_detail => jsonb_build_object('file_id', f.id));
  end if;
  return f;
end
$$;
comment on function private.withdraw_file is 'In: the file of a push that is not to be sent now. Takes it back if it is ready and nobody has fetched it. Out: the file as it is then; null: it cannot be taken back.';
