-- Nobody is to send this any more, so a case about its failure is obsolete, and a file with it that nobody has fetched is taken back.
create or replace function private.cancel_push(p_push sync.pushes)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.settle_push(p_push, 'cancelled', 'push_cancelled',
    'The push was cancelled: consent was withdrawn.');
  perform private.supersede_cases(array(
    select c.id from registry.conflicts as c
    where c.organization_id = p_push.organization_id and c.push_id = p_push.id and c.kind = 'push_failed' and c.closed_at is null
  ), 'worker', 'The push was cancelled.');
  if p_push.file_id is not null then
    perform private.withdraw_file(p_push.file_id);
  end if;
end
$$;
comment on function private.cancel_push is 'In: a locked push whose consent was withdrawn (consent_withdrawn_at). Settles it as cancelled.';
