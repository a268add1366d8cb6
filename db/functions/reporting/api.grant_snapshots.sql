-- What was counted for grants, drafts and frozen ones.
create or replace view api.grant_snapshots with (security_invoker = true) as
select
  s.id as snapshot_id, g.slug as organization, s.base_year, s.base_year + (s.rule ->> 'application_after')::integer as application_year,
  s.base_year + (s.rule ->> 'grant_after')::integer as grant_year, s.rule_code, s.rule ->> 'title' as rule_title, s.counted_on, s.state, s.version,
  s.corrects, s.made_at, s.started_at, s.failed_at, s.failure, s.imported_at,
  s.records, s.counted, s.verified, s.counties, s.municipalities, s.probable_duplicates, s.open_cases, s.meets,
  s.digest, s.frozen_at, coalesce(s.conflict_id, (
    select c.id from registry.conflicts as c
    where c.organization_id = s.organization_id and c.kind_name = 'grant_snapshot' and c.closed_at is null
      and c.detail ->> 'snapshot_id' = s.id::text)) as conflict_id
from reporting.snapshots as s join registry.organizations as g on g.id = s.organization_id;
comment on view api.grant_snapshots is 'What was counted for grants, one row a count. Figures: api.grant_figures.';
comment on column api.grant_snapshots.snapshot_id is 'Identifies the snapshot.';
comment on column api.grant_snapshots.organization is 'Whose members (slug).';
comment on column api.grant_snapshots.base_year is 'The year whose members and payments count.';
comment on column api.grant_snapshots.application_year is 'The year in which is applied.';
comment on column api.grant_snapshots.grant_year is 'The year that the grant is for.';
comment on column api.grant_snapshots.rule_code is 'The rule.';
comment on column api.grant_snapshots.rule_title is 'The rule, for people.';
comment on column api.grant_snapshots.counted_on is 'The day on which is counted.';
comment on column api.grant_snapshots.state is 'Asked for (a worker counts it), failed (ask again), draft or frozen.';
comment on column api.grant_snapshots.version is 'What api.propose_grant_freeze wants as expected_version.';
comment on column api.grant_snapshots.corrects is 'The frozen snapshot that this one corrects.';
comment on column api.grant_snapshots.made_at is 'When it was counted, or asked for.';
comment on column api.grant_snapshots.started_at is 'When the worker began to count; null: not yet, or the operator counted.';
comment on column api.grant_snapshots.failed_at is 'When the last attempt to count had failed.';
comment on column api.grant_snapshots.failure is 'Why, as a code (docs/error-codes.md).';
comment on column api.grant_snapshots.imported_at is 'End of the last import before.';
comment on column api.grant_snapshots.records is 'Member records that were looked at.';
comment on column api.grant_snapshots.counted is 'Persons who count.';
comment on column api.grant_snapshots.verified is 'How many of them have a verified number.';
comment on column api.grant_snapshots.counties is 'From how many counties.';
comment on column api.grant_snapshots.municipalities is 'From how many municipalities.';
comment on column api.grant_snapshots.probable_duplicates is 'Counted persons who are probably one with another.';
comment on column api.grant_snapshots.open_cases is 'Cases that were open then, by kind.';
comment on column api.grant_snapshots.meets is 'Whether the figures reach what the grant asks for.';
comment on column api.grant_snapshots.digest is 'SHA-256 over all that was counted.';
comment on column api.grant_snapshots.frozen_at is 'When two coordinators froze it.';
comment on column api.grant_snapshots.conflict_id is 'The case in which it was frozen, or is to be.';
grant select on api.grant_snapshots to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.grant_snapshots
for each row execute function private.tg__refuse_write();
