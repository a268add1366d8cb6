-- Begins the background work of a rotation (npm run keys:rotate -- index|sealing renew). The payload names keys and holds none. The worker
-- goes on from page to page by itself; begun again, it starts over, which costs reading only.
create or replace function private.begin_renewal(p_index_version text, p_sealing_kid text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if (graphile_worker.add_job(
    identifier => 'renew_numbers',
    payload => json_build_object('index_version', p_index_version, 'sealing_kid', p_sealing_kid),
    job_key => 'renew_numbers', max_attempts => 25)).id is null then
    raise exception 'The job queue did not take the job.' using errcode = 'PN010';
  end if;
end
$$;
comment on function private.begin_renewal is 'In: version of the index secret, kid of the sealing key (null: leave as it is). Queues the task that renews every stored number under them.';
