-- The figures behind the charts. The worker counts them (worker.count_figures).
create or replace view api.monthly_figures with (security_invoker = true) as
select
  g.slug as organization, f.month, f.members_with_number, f.filled, f.confirmed, f.conflict, f.duplicate, f.absent, f.unlinked, f.ambiguous,
  f.name_mismatch, f.cases_opened, f.cases_settled, f.deliveries_done, f.deliveries_failed, f.counted_at
from registry.monthly_figures as f
join registry.organizations as g on g.id = f.organization_id;
comment on view api.monthly_figures is 'What happened in each month, per organisation. Months are those of Norwegian time; the running one is as it was when it was counted last.';
comment on column api.monthly_figures.organization is 'Whose figures (slug).';
comment on column api.monthly_figures.month is 'First day of the month.';
comment on column api.monthly_figures.members_with_number is 'Members with a number at its end; of the running month: at counted_at; null: nobody counted then.';
comment on column api.monthly_figures.filled is 'Logins that filled a number.';
comment on column api.monthly_figures.confirmed is 'Logins that confirmed one.';
comment on column api.monthly_figures.conflict is 'Logins that brought another number than the record has.';
comment on column api.monthly_figures.duplicate is 'Logins whose number another member has.';
comment on column api.monthly_figures.absent is 'Logins that brought none.';
comment on column api.monthly_figures.unlinked is 'Logins that nobody matched.';
comment on column api.monthly_figures.ambiguous is 'Logins that several members matched.';
comment on column api.monthly_figures.name_mismatch is 'Logins that one member matched, under another name.';
comment on column api.monthly_figures.cases_opened is 'Cases opened.';
comment on column api.monthly_figures.cases_settled is 'Decisions of coordinators, without those that were taken back.';
comment on column api.monthly_figures.deliveries_done is 'Changes that reached the member system.';
comment on column api.monthly_figures.deliveries_failed is 'Changes that were refused or given up, and have not been delivered since.';
comment on column api.monthly_figures.counted_at is 'When all this was counted.';
grant select on api.monthly_figures to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.monthly_figures
for each row execute function private.tg__refuse_write();
