-- Whether pushes can be begun now. Given up is not the end: such a push is tried again once a day. A pause, an open breaker, another push of
-- the member or a used-up rate is no failure, and does not count as an attempt.
create or replace function private.judge_claims(p_ids uuid[], out ready uuid[], out waiting uuid[], out reasons text[])
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := clock_timestamp();
begin
  with judged as (
    select p.id, case
      when not case p.state
        when 'sending' then p.lease_expires_at <= clock_timestamp()
        when 'pending' then p.next_attempt_at <= clock_timestamp() + interval '1 second'
        when 'given_up' then coalesce(p.next_attempt_at <= clock_timestamp() + interval '1 second', false)
        else false
      end then 'not_due'
      when stands.is_obsolete then 'obsolete'
      when p.consent_withdrawn_at is not null then 'withdrawn' -- its worker was lost while consent was withdrawn
      when s.kind = 'file' then 'in_file' -- the next file takes it (worker.claim_file)
      when stands.member_is_busy then 'member_busy'
      when exists (
        select from sync.breakers as b
        where b.organization_id = p.organization_id and b.state <> 'closed' and b.probe_push_id is distinct from p.id) then 'breaker_open'
      when s.rate_per_second is not null
        and greatest(v_now, (select r.free_at from sync.rates as r where r.organization_id = p.organization_id))
          + (p.nth - 1) * interval '1 second' / s.rate_per_second > v_now + interval '3 seconds' then 'rate_used_up'
    end as reason
    from (
      select known.*, row_number() over (partition by known.organization_id order by known.id) as nth
      from sync.pushes as known where known.id = any (p_ids)
    ) as p
    -- Looked up one by one (limit 1): joined, the view was worked out for every push there is.
    cross join lateral (select s.* from private.push_standing as s where s.id = p.id limit 1) as stands
    left join sync.member_systems as s on s.organization_id = p.organization_id
  )
  select array_agg(j.id) filter (where j.reason is null),
    array_agg(j.id) filter (where j.reason is not null), array_agg(j.reason) filter (where j.reason is not null)
  into ready, waiting, reasons
  from judged as j;
end
$$;
comment on function private.judge_claims is 'In: locked pushes. Out: those that nothing stands in the way of; the others, and beside each why: not_due, obsolete, withdrawn, in_file, member_busy, breaker_open or rate_used_up. Null: none.';
