-- The organisation has decided how long the sentences and details of its audit are kept. That something happened, when, to whom and by whom
-- stays, and so do the seals. What the audit says about itself is kept whole: by that it is verified. Where a night has left off the
-- next one goes on: an event comes to its table long before its time is over.
create or replace function private.redact_events(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  g registry.organizations;
  v_until timestamptz;
  v_due bigint[];
  v_most integer := 0;
begin
  for g in
    select known.* from registry.organizations as known where known.audit_retention is not null order by known.id for update skip locked
  loop
    v_until := now() - g.audit_retention;
    v_due := array(
      select e.id from audit.events as e
      where e.organization_id = g.id and e.occurred_at >= coalesce(g.audit_redacted_until, '-infinity') and e.occurred_at < v_until
        and e.redacted_at is null and not audit.stays_whole(e.event)
      order by e.occurred_at, e.id limit p_most);
    perform audit.redact_events(v_due, 'retention') where v_due <> '{}';
    if cardinality(v_due) < p_most then
      update registry.organizations as known set audit_redacted_until = v_until where known.id = g.id;
    end if;
    v_most := greatest(v_most, cardinality(v_due));
  end loop;
  return v_most;
end
$$;
comment on function private.redact_events is 'In: how many at most, of each organisation. Out: how many events were redacted of the one with the most, because its time for them is over.';
