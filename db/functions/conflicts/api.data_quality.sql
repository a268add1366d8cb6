-- How an organisation stands: the figures its board and Bufdir ask about.
create or replace view api.data_quality with (security_invoker = true) as
select
  g.slug as organization, m.members, m.with_number, o.confirmed_last_12_months,
  coalesce(c.open_cases, 0) as open_cases, coalesce(c.by_kind, '{}') as open_cases_by_kind, c.oldest_open_case,
  p.pending_pushes, p.failed_pushes
from registry.organizations as g
cross join lateral (
  select count(*) as members, count(known.personnummer_masked) as with_number
  from registry.members as known where known.organization_id = g.id and known.merged_into is null
) as m
cross join lateral (
  select count(distinct seen.member_id) as confirmed_last_12_months
  from registry.observations as seen
  where seen.organization_id = g.id and seen.outcome in ('filled', 'confirmed') and seen.received_at > now() - interval '12 months'
) as o
cross join lateral (
  select sum(k.n)::bigint as open_cases, jsonb_object_agg(k.kind, k.n) as by_kind, min(k.oldest) as oldest_open_case
  from (
    select known.kind, count(*) as n, min(known.opened_at) as oldest
    from registry.conflicts as known where known.organization_id = g.id and known.closed_at is null group by known.kind
  ) as k
) as c
cross join lateral (
  select count(*) filter (where known.settled_at is null) as pending_pushes,
         count(*) filter (where known.state in ('rejected', 'given_up') and not exists (
           select from sync.pushes as later
           where later.organization_id = known.organization_id and later.member_id = known.member_id and later.id <> known.id
             and later.created_at >= known.created_at and later.state in ('pending', 'sending', 'delivered'))) as failed_pushes
  from sync.pushes as known where known.organization_id = g.id
) as p;
comment on view api.data_quality is 'Per organisation: members, how many have a number, how many were confirmed or filled by a login in the last 12 months, open cases by kind and the oldest, pushes that wait and that failed.';
comment on column api.data_quality.organization is 'Whose figures (slug).';
comment on column api.data_quality.members is 'Members, merged records aside.';
comment on column api.data_quality.with_number is 'How many of them have a number.';
comment on column api.data_quality.confirmed_last_12_months is 'Members whose number a login filled or confirmed in the last 12 months.';
comment on column api.data_quality.open_cases is 'Cases that wait for a coordinator.';
comment on column api.data_quality.open_cases_by_kind is 'The same by kind: {"mismatch": 3}.';
comment on column api.data_quality.oldest_open_case is 'When the oldest of them was opened.';
comment on column api.data_quality.pending_pushes is 'Changes that have not reached the member system yet.';
comment on column api.data_quality.failed_pushes is 'Changes that were refused or given up and that no later one follows.';
grant select on api.data_quality to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.data_quality
for each row execute function private.tg__refuse_write();
