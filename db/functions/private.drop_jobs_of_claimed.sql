-- A push that was claimed without its job needs none: the claim takes its place, and a lease that runs out makes a new one. One that
-- somebody is fetching at this moment stays, and finds the push taken.
create or replace function private.drop_jobs_of_claimed(p_ids uuid[])
returns void
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  perform graphile_worker.complete_jobs(array(
    select j.id from sync.pushes as p
    cross join lateral (
      select w.id from graphile_worker.jobs as w where w.key = 'push_personnummer:' || p.id and w.locked_at is null limit 1) as j
    where p.id = any (p_ids) and p.state = 'sending'));
end
$$;
comment on function private.drop_jobs_of_claimed is 'In: pushes that are locked by this transaction. Removes the jobs of those that it claimed.';
