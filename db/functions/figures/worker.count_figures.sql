-- What nobody can count in the time of a request is counted here and says when (counted_at). Nothing of it is kept by triggers: no login waits
-- for a counter, and a figure cannot drift from the rows. It takes at most a fiftieth of a core: the longer it took, the longer the next waits.
create or replace function worker.count_figures()
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_begun constant timestamptz := clock_timestamp();
begin
  if not pg_try_advisory_xact_lock(hashtextextended('worker.count_figures', 0))
    or exists (select from registry.figures as f having max(f.counted_at + 50 * f.counted_in) > v_begun)
  then
    return 0;
  end if;
  perform private.count_figures();
  perform private.count_months();
  update registry.figures as f set counted_in = clock_timestamp() - v_begun;
  return (select count(*) from registry.figures);
end
$$;
comment on function worker.count_figures is 'Out: of how many organisations the figures were counted; none when another worker counts, or when it was done too lately. Called every minute.';
grant execute on function worker.count_figures to sync_worker;
