-- How long cases have waited. Five classes, each with a row also where it is empty, so that a chart needs nothing else. Each is a stretch of an
-- index by age, counted for itself.
create or replace view api.open_case_ages with (security_invoker = true) as
select
  g.slug as organization, k.age, c.cases
from registry.organizations as g
cross join (
  values ('longer', interval '1000 years', interval '90 days'), ('quarter', interval '90 days', interval '30 days'),
    ('month', interval '30 days', interval '7 days'), ('week', interval '7 days', interval '1 day'), ('day', interval '1 day', interval '-1 day')
) as k(age, since, until)
cross join lateral (
  select count(*) as cases from registry.conflicts as each
  where each.organization_id = g.id and each.closed_at is null
    and each.opened_at >= now() - k.since and each.opened_at < now() - k.until
) as c;
comment on view api.open_case_ages is 'Cases that wait for coordinators of the reader''s organisations, open or proposed, by how long ago they were opened.';
comment on column api.open_case_ages.organization is 'Whose cases (slug).';
comment on column api.open_case_ages.age is 'day: opened within the last day; week: within seven days, but before; month: 30 days; quarter: 90 days; longer: earlier.';
comment on column api.open_case_ages.cases is 'How many.';
grant select on api.open_case_ages to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.open_case_ages
for each row execute function private.tg__refuse_write();
