-- The worker carries an erasure out, after it stands in the ledger, where one is kept. A second call changes nothing. It waits for locks a bounded
-- time, because a login may wait for it meanwhile; the job tries again.
create or replace function worker.finish_erasure(erasure_id uuid, recorded boolean)
returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
  e audit.erasures;
begin
  if finish_erasure.recorded then
    update audit.erasures as known set recorded_at = clock_timestamp()
    where known.id = finish_erasure.erasure_id and known.state = 'announced' and known.recorded_at is null;
  end if;
  e := private.carry_out_erasure(finish_erasure.erasure_id);
  if e.id is null then
    raise exception 'There is no such erasure.' using errcode = 'PN004';
  end if;
  return e.state::text;
end
$$;
comment on function worker.finish_erasure is 'In: an erasure, whether it was written into a ledger outside the database. Out: its state, erased. Raises PN004 for an unknown id, PN011 where something would be left.';
grant execute on function worker.finish_erasure to sync_worker;
