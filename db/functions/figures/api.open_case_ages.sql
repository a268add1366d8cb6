-- How long cases have waited. Five classes, each with a row also where it is empty, so that a chart needs nothing else.
create or replace view api.open_case_ages with (security_invoker = true) as
select
  g.slug as organization, k.age, coalesce(c.cases, 0) as cases
from registry.organizations as g
cross join unnest('{longer,quarter,month,week,day}'::text[]) with ordinality as k(age, nth)
left join (
  select
    known.organization_id,
    1 + width_bucket(known.opened_at,
      (select array[now() - interval '90 days', now() - interval '30 days', now() - interval '7 days', now() - interval '1 day'])) as nth,
    count(*) as cases
  from registry.conflicts as known where known.closed_at is null group by 1, 2
) as c on c.organization_id = g.id and c.nth = k.nth;
comment on view api.open_case_ages is 'Cases that wait for coordinators of the reader''s organisations, open or proposed, by how long ago they were opened.';
comment on column api.open_case_ages.organization is 'Whose cases (slug).';
comment on column api.open_case_ages.age is 'day: opened within the last day; week: within seven days, but before; month: 30 days; quarter: 90 days; longer: earlier.';
comment on column api.open_case_ages.cases is 'How many.';
grant select on api.open_case_ages to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.open_case_ages
for each row execute function private.tg__refuse_write();
