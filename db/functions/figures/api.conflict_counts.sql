-- What waits for coordinators, by kind, as the first page of a day's work says it. Counted when it is asked for, from an index alone.
create or replace view api.conflict_counts with (security_invoker = true) as
select
  g.slug as organization, c.kind, coalesce(c.open, 0) as open, coalesce(c.postponed, 0) as postponed, coalesce(c.proposed, 0) as proposed,
  coalesce(c.mine, 0) as mine, c.oldest
from private.waiting_cases() as c
join registry.organizations as g on g.id = c.organization_id;
comment on view api.conflict_counts is 'Cases that wait for coordinators of the reader''s organisations, counted by kind. A kind without any has no row.';
comment on column api.conflict_counts.organization is 'Whose cases (slug).';
comment on column api.conflict_counts.kind is 'What is to be judged.';
comment on column api.conflict_counts.open is 'Open ones, without those that are postponed.';
comment on column api.conflict_counts.postponed is 'Open ones that are postponed to a later day.';
comment on column api.conflict_counts.proposed is 'Those in which a decision is proposed and waits for another coordinator.';
comment on column api.conflict_counts.mine is 'How many of the open ones the reader looks after.';
comment on column api.conflict_counts.oldest is 'When the oldest of the open ones was opened.';
grant select on api.conflict_counts to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.conflict_counts
for each row execute function private.tg__refuse_write();
