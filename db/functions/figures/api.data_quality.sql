-- How an organisation stands: the figures its board and Bufdir ask about. What would be counted through whole tables is as the worker counted
-- it last; cases are counted when it is asked for, kind by kind along an index, as in api.conflict_counts.
create or replace view api.data_quality with (security_invoker = true) as
select
  g.slug as organization, f.members, f.with_number, f.confirmed_last_12_months, f.unlinked_logins,
  coalesce(c.open_cases, 0) as open_cases, coalesce(c.by_kind, '{}') as open_cases_by_kind, c.oldest_open_case,
  f.pending_pushes, f.failed_pushes, f.counted_at
from registry.organizations as g
left join registry.figures as f on f.organization_id = g.id
cross join lateral (
  select sum(w.cases)::bigint as open_cases, min(w.oldest) as oldest_open_case,
    jsonb_object_agg(k.kind, w.cases) filter (where w.cases > 0) as by_kind
  from unnest(enum_range(null::registry.conflict_kind)) as k(kind)
  cross join lateral (
    select count(*) as cases, min(known.opened_at) as oldest from registry.conflicts as known
    where known.organization_id = g.id and known.kind_name = k.kind::text and known.closed_at is null
  ) as w
) as c;
comment on view api.data_quality is 'Per organisation: members, how many have a number, how many were confirmed or filled by a login in the last 12 months, logins that belong to nobody, pushes that wait and that failed, all as of counted_at; and open cases by kind and the oldest, as of now.';
comment on column api.data_quality.organization is 'Whose figures (slug).';
comment on column api.data_quality.members is 'Members, merged records aside; null: not counted yet.';
comment on column api.data_quality.with_number is 'How many of them have a number.';
comment on column api.data_quality.confirmed_last_12_months is 'Members whose number a login filled or confirmed in the last 12 months.';
comment on column api.data_quality.unlinked_logins is 'Logins that matched no member with certainty and still belong to nobody.';
comment on column api.data_quality.open_cases is 'Cases that wait for a coordinator, open or proposed, as of now.';
comment on column api.data_quality.open_cases_by_kind is 'The same by kind: {"mismatch": 3}.';
comment on column api.data_quality.oldest_open_case is 'When the oldest of them was opened.';
comment on column api.data_quality.pending_pushes is 'Changes that have not reached the member system yet.';
comment on column api.data_quality.failed_pushes is 'Changes that were refused or given up and that no later one follows.';
comment on column api.data_quality.counted_at is 'When everything but the cases was counted.';
grant select on api.data_quality to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.data_quality
for each row execute function private.tg__refuse_write();
