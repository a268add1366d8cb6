-- migrate:up
-- Grant reports: where members live, since when they are members, what they paid, the rules of grants, and what was counted. Their tables belong
-- to registry_owner, because an erasure takes a person out of them in the same transaction as out of the register.
create schema reporting authorization registry_owner;

set local role registry_owner;

comment on schema reporting is 'Grant reports: municipalities, what is counted of members, rules of grants, snapshots. Tables only.';

create table reporting.divisions (
  year    integer primary key,
  source  text not null check (source <> '')
);
comment on table reporting.divisions is 'Years whose municipalities and counties are known. All changes take effect on 1 January.';
comment on column reporting.divisions.year is 'The year.';
comment on column reporting.divisions.source is 'Where the division was taken from.';

create table reporting.counties (
  code        text not null check (code ~ '^[0-9]{2}$'),
  name        text not null,
  first_year  integer not null,
  last_year   integer check (last_year >= first_year),
  primary key (code, first_year)
);
comment on table reporting.counties is 'Counties since 2017.';
comment on column reporting.counties.code is 'County number: the first two digits of its municipalities'' numbers.';
comment on column reporting.counties.name is 'Its name.';
comment on column reporting.counties.first_year is 'The first year from 2017 on in which it was there.';
comment on column reporting.counties.last_year is 'The last one; null: it is still there.';

create table reporting.municipalities (
  code        text not null check (code ~ '^[0-9]{4}$'),
  name        text not null,
  first_year  integer not null,
  last_year   integer check (last_year >= first_year),
  primary key (code, first_year)
);
comment on table reporting.municipalities is 'Municipalities since 2017. A number without a year is no municipality: 1103 Stavanger is a larger one from 2020.';
comment on column reporting.municipalities.code is 'Municipality number.';
comment on column reporting.municipalities.name is 'Its name as SSB writes it: several languages with '' - '' between them, the county in brackets where two have one name.';
comment on column reporting.municipalities.first_year is 'The first year from 2017 on in which it had this number and name.';
comment on column reporting.municipalities.last_year is 'The last one; null: it still has.';

create table reporting.municipality_changes (
  year      integer not null,
  old_code  text not null check (old_code ~ '^[0-9]{4}$'),
  new_code  text not null check (new_code ~ '^[0-9]{4}$'),
  primary key (year, old_code, new_code)
);
comment on table reporting.municipality_changes is 'Which municipalities became which on 1 January. Several rows of one old number: it was split.';
comment on column reporting.municipality_changes.year is 'The first year with the new number.';
comment on column reporting.municipality_changes.old_code is 'The number until 31 December of the year before.';
comment on column reporting.municipality_changes.new_code is 'A number that it, or a part of it, has from then on.';

create table reporting.residences (
  organization_id       uuid not null,
  member_id             uuid not null,
  known_from            date not null,
  municipality          text check (municipality ~ '^[0-9]{4}$'),
  municipality_year     integer references reporting.divisions,
  municipality_written  text check (length(municipality_written) between 1 and 200),
  address               text check (length(address) between 1 and 300),
  postal_code           text check (length(postal_code) between 1 and 20),
  chapter               text check (length(chapter) between 1 and 200),
  primary key (member_id, known_from),
  constraint residences_municipality_has_a_year check ((municipality is null) = (municipality_year is null)),
  foreign key (organization_id, member_id) references registry.members (organization_id, id)
);
create index residences_member on reporting.residences (organization_id, member_id);
create index residences_division on reporting.residences (municipality_year);
comment on table reporting.residences is 'Where a member lives and to which chapter the member belongs, as imports said it: a row for each time that it changed.';
comment on column reporting.residences.organization_id is 'Whose member.';
comment on column reporting.residences.member_id is 'The member.';
comment on column reporting.residences.known_from is 'The day (in Norway) of the import that brought it. It holds until the next row.';
comment on column reporting.residences.municipality is 'Number of the municipality; null: none, or none that is certain.';
comment on column reporting.residences.municipality_year is 'The year in whose division it is this number: the newest one that has it.';
comment on column reporting.residences.municipality_written is 'The municipality as the file has it.';
comment on column reporting.residences.address is 'Street or place.';
comment on column reporting.residences.postal_code is 'Postal code.';
comment on column reporting.residences.chapter is 'Local chapter.';

create table reporting.memberships (
  id               uuid primary key default gen_random_uuid(),
  organization_id  uuid not null,
  member_id        uuid not null,
  since            date,
  until            date,
  unique nulls not distinct (member_id, since),
  foreign key (organization_id, member_id) references registry.members (organization_id, id),
  constraint memberships_ends_after_it_began check (until >= since)
);
create index memberships_member on reporting.memberships (organization_id, member_id);
comment on table reporting.memberships is 'From when until when somebody was a member. Whoever left and came back has two rows.';
comment on column reporting.memberships.id is 'Identifies the row.';
comment on column reporting.memberships.organization_id is 'Whose member.';
comment on column reporting.memberships.member_id is 'The member.';
comment on column reporting.memberships.since is 'First day; null: not known.';
comment on column reporting.memberships.until is 'Last day; null: still a member. Of somebody who died: that day.';

create table reporting.dues (
  organization_id  uuid not null,
  member_id        uuid not null,
  year             integer not null check (year between 1900 and 2200),
  paid_on          date,
  amount           bigint not null check (amount between 0 and 100000000),
  primary key (member_id, year),
  foreign key (organization_id, member_id) references registry.members (organization_id, id)
);
create index dues_member on reporting.dues (organization_id, member_id);
comment on table reporting.dues is 'What a member paid for a year, as the last import said it.';
comment on column reporting.dues.organization_id is 'Whose member.';
comment on column reporting.dues.member_id is 'The member.';
comment on column reporting.dues.year is 'The year that was paid for.';
comment on column reporting.dues.paid_on is 'When; null: the file did not say.';
comment on column reporting.dues.amount is 'Sum in øre. 0: nothing.';

create type reporting.grant_level as enum ('national', 'county');
comment on type reporting.grant_level is 'Who gives a grant.';

create table reporting.grant_rules (
  code                   text primary key check (code ~ '^[a-z][a-z0-9-]{1,39}$'),
  title                  text not null check (length(title) between 1 and 200),
  level                  reporting.grant_level not null,
  document               text not null check (length(document) between 1 and 1000),
  counted_month          integer not null default 12 check (counted_month between 1 and 12),
  counted_day            integer not null default 31 check (counted_day between 1 and 31),
  min_age                integer check (min_age between 0 and 120),
  max_age                integer check (max_age >= coalesce(min_age, 0)),
  min_fee                bigint not null check (min_fee > 0),
  paid_within_days       integer not null default 0 check (paid_within_days between 0 and 366),
  application_after      integer not null default 1 check (application_after between 0 and 2),
  grant_after            integer not null default 2 check (grant_after between application_after and 3),
  counties               text[],
  municipalities         text[],
  area_year              integer references reporting.divisions,
  required_members       integer check (required_members > 0),
  required_municipalities integer check (required_municipalities > 0),
  required_counties      integer check (required_counties > 0),
  one_suffices           boolean not null default false,
  constraint grant_rules_date_exists check (make_date(2024, counted_month, counted_day) is not null),
  constraint grant_rules_area_has_a_year check ((counties is null and municipalities is null) = (area_year is null)),
  constraint grant_rules_area_is_one check (num_nonnulls(counties, municipalities) < 2)
);
create index grant_rules_area on reporting.grant_rules (area_year) where area_year is not null;
comment on table reporting.grant_rules is 'Rules of grants. A new rule is a row here and a document, not a program; a snapshot keeps the rule as it was.';
comment on column reporting.grant_rules.code is 'Short name in commands.';
comment on column reporting.grant_rules.title is 'Name for people.';
comment on column reporting.grant_rules.level is 'Who gives the grant.';
comment on column reporting.grant_rules.document is 'Where the rule is written, and what of it has not been confirmed.';
comment on column reporting.grant_rules.counted_month is 'Month of the day in the base year on which is counted.';
comment on column reporting.grant_rules.counted_day is 'Its day.';
comment on column reporting.grant_rules.min_age is 'Lowest age on that day, in whole years; null: any.';
comment on column reporting.grant_rules.max_age is 'Highest age on that day; null: any.';
comment on column reporting.grant_rules.min_fee is 'What counts as paying: at least so much for the base year, in øre.';
comment on column reporting.grant_rules.paid_within_days is 'How many days after the day of counting a payment may come.';
comment on column reporting.grant_rules.application_after is 'How many years after the base year is applied.';
comment on column reporting.grant_rules.grant_after is 'How many years after the base year the grant is for.';
comment on column reporting.grant_rules.counties is 'Only members in these counties (numbers in the division of area_year, so former ones too); null: no such limit.';
comment on column reporting.grant_rules.municipalities is 'Only members in these municipalities (numbers in the division of area_year); null: no such limit.';
comment on column reporting.grant_rules.area_year is 'The year whose numbers these are.';
comment on column reporting.grant_rules.required_members is 'How many members the grant asks for; null: it does not.';
comment on column reporting.grant_rules.required_municipalities is 'From how many municipalities.';
comment on column reporting.grant_rules.required_counties is 'From how many counties.';
comment on column reporting.grant_rules.one_suffices is 'Whether one of these is enough (or), or all are asked for (and).';

create type reporting.snapshot_state as enum ('asked', 'failed', 'draft', 'frozen');
comment on type reporting.snapshot_state is 'Life of a snapshot. What is asked for is counted by a worker, or failed: then somebody asks again. A draft is made anew as often as one likes; a frozen one never changes.';

create type reporting.not_counted as enum ('merged', 'same_number', 'joined_later', 'left', 'not_paid', 'paid_undated', 'paid_too_late',
  'paid_too_little', 'birth_date_missing', 'too_young', 'too_old', 'municipality_unknown', 'elsewhere');
comment on type reporting.not_counted is 'Why a record is not counted. docs/grant-reports.md explains each.';

create type reporting.place_problem as enum ('none_given', 'not_recognised', 'not_translatable');
comment on type reporting.place_problem is 'Why the municipality of a member is not known: the file has none, it is no municipality, or it was split or merged between the two years so that only the address says where the member lives.';

create type reporting.dimension as enum ('county', 'municipality', 'birth_year', 'chapter', 'reason', 'place_problem');
comment on type reporting.dimension is 'What figures are told apart by.';

create table reporting.snapshots (
  id                   uuid primary key default gen_random_uuid(),
  organization_id      uuid not null references registry.organizations,
  organization_name    text not null,
  base_year            integer not null references reporting.divisions,
  division             text not null,
  rule_code            text not null,
  rule                 jsonb not null check (jsonb_typeof(rule) = 'object'),
  counted_on           date not null,
  state                reporting.snapshot_state not null default 'asked',
  version              integer not null default 1 check (version > 0),
  corrects             uuid references reporting.snapshots,
  made_at              timestamptz not null default clock_timestamp(),
  made_by              text not null check (made_by <> ''),
  started_at           timestamptz,
  failed_at            timestamptz,
  failure              text check (failure ~ '^[a-z0-9_]{1,60}$'),
  imported_at          timestamptz,
  counting_digest      text check (counting_digest ~ '^[0-9a-f]{64}$'),
  records              integer not null default 0,
  counted              integer not null default 0,
  verified             integer not null default 0,
  counties             integer not null default 0,
  municipalities       integer not null default 0,
  probable_duplicates  integer not null default 0,
  open_cases           jsonb not null default '{}' check (jsonb_typeof(open_cases) = 'object'),
  meets                boolean,
  digest               text check (digest ~ '^[0-9a-f]{64}$'),
  proposed_by          text,
  frozen_by            text constraint snapshots_two_people check (frozen_by <> proposed_by),
  frozen_at            timestamptz,
  conflict_id          uuid references registry.conflicts,
  unique (organization_id, id),
  constraint snapshots_frozen_has_evidence check (case state
    when 'asked'  then num_nonnulls(proposed_by, frozen_by, frozen_at, conflict_id, digest) = 0
    when 'failed' then num_nonnulls(proposed_by, frozen_by, frozen_at, conflict_id, digest) = 0
    when 'draft'  then num_nonnulls(proposed_by, frozen_by, frozen_at, conflict_id) = 0 and num_nonnulls(digest, counting_digest) = 2
    when 'frozen' then num_nonnulls(proposed_by, frozen_by, frozen_at, conflict_id, digest, counting_digest) = 6
  end),
  constraint snapshots_failed_has_evidence check (case state when 'failed' then 2 else 0 end = num_nonnulls(failed_at, failure)),
  constraint snapshots_verified_are_counted check (verified <= counted and counted <= records)
);
create unique index snapshots_draft on reporting.snapshots (organization_id, base_year, rule_code) where state = 'draft';
create unique index snapshots_asked on reporting.snapshots (organization_id, base_year, rule_code) where state in ('asked', 'failed');
create index snapshots_organization on reporting.snapshots (organization_id, made_at);
create index snapshots_base_year on reporting.snapshots (base_year);
create index snapshots_corrects on reporting.snapshots (corrects) where corrects is not null;
create index snapshots_conflict on reporting.snapshots (conflict_id) where conflict_id is not null;
comment on table reporting.snapshots is 'What was counted for a grant.';
comment on column reporting.snapshots.id is 'Identifies the snapshot; printed on everything that is made of it.';
comment on column reporting.snapshots.organization_id is 'Whose members.';
comment on column reporting.snapshots.organization_name is 'Its name then.';
comment on column reporting.snapshots.base_year is 'The year whose members and payments count. Application and grant are later years, as the rule says.';
comment on column reporting.snapshots.division is 'Where the municipalities of that year were taken from, as it was written then.';
comment on column reporting.snapshots.rule_code is 'The rule''s short name.';
comment on column reporting.snapshots.rule is 'The rule as it was when this was counted.';
comment on column reporting.snapshots.counted_on is 'The day on which is counted.';
comment on column reporting.snapshots.state is 'Asked for, failed, draft or frozen.';
comment on column reporting.snapshots.version is 'Rises with every change of the row.';
comment on column reporting.snapshots.corrects is 'The frozen snapshot that this one corrects.';
comment on column reporting.snapshots.made_at is 'When it was counted, or asked for.';
comment on column reporting.snapshots.made_by is 'Who had it counted.';
comment on column reporting.snapshots.started_at is 'When the worker began to count; null: not yet, or the operator counted.';
comment on column reporting.snapshots.failed_at is 'When the last attempt to count had failed, and nobody tried any more.';
comment on column reporting.snapshots.failure is 'Why, as a code: of the worker''s job, or worker_lost.';
comment on column reporting.snapshots.imported_at is 'End of the last import before.';
comment on column reporting.snapshots.counting_digest is 'SHA-256 of the function that counted: the same digest is the same program.';
comment on column reporting.snapshots.records is 'Member records that were looked at.';
comment on column reporting.snapshots.counted is 'Persons who count.';
comment on column reporting.snapshots.verified is 'How many of them have a number that a login or a coordinator vouched for.';
comment on column reporting.snapshots.counties is 'From how many counties.';
comment on column reporting.snapshots.municipalities is 'From how many municipalities.';
comment on column reporting.snapshots.probable_duplicates is 'Counted persons who share name and birth date with another one, where a number does not tell them apart. They are counted.';
comment on column reporting.snapshots.open_cases is 'Cases that were open when it was counted, by kind.';
comment on column reporting.snapshots.meets is 'Whether the figures reach what the grant asks for; null: it asks for nothing.';
comment on column reporting.snapshots.digest is 'SHA-256 over everything in this row that was counted, and all figures.';
comment on column reporting.snapshots.proposed_by is 'Who proposed to freeze it.';
comment on column reporting.snapshots.frozen_by is 'Who approved it: somebody else.';
comment on column reporting.snapshots.frozen_at is 'When.';
comment on column reporting.snapshots.conflict_id is 'The case in which that was done.';

create table reporting.snapshot_figures (
  snapshot_id      uuid not null references reporting.snapshots on delete cascade,
  organization_id  uuid not null references registry.organizations,
  dimension        reporting.dimension not null,
  key              text not null,
  name             text,
  counted          integer not null check (counted >= 0),
  verified         integer not null check (verified between 0 and counted),
  primary key (snapshot_id, dimension, key)
);
create index snapshot_figures_organization on reporting.snapshot_figures (organization_id);
comment on table reporting.snapshot_figures is 'Figures of a snapshot.';
comment on column reporting.snapshot_figures.snapshot_id is 'The snapshot.';
comment on column reporting.snapshot_figures.organization_id is 'Whose members.';
comment on column reporting.snapshot_figures.dimension is 'What is told apart.';
comment on column reporting.snapshot_figures.key is 'Number of the county or municipality in the division of the base year, year, chapter or code; empty: not known.';
comment on column reporting.snapshot_figures.name is 'Name of the place in that year.';
comment on column reporting.snapshot_figures.counted is 'How many persons count; for a reason: how many records do not.';
comment on column reporting.snapshot_figures.verified is 'How many of them have a verified number.';

create table reporting.snapshot_persons (
  snapshot_id      uuid not null,
  organization_id  uuid not null,
  nth              integer not null check (nth > 0),
  member_id        uuid not null,
  reason           reporting.not_counted,
  verified         boolean not null,
  name             text,
  address          text,
  postal_code      text,
  municipality     text,
  county           text,
  place_problem    reporting.place_problem,
  chapter          text,
  birth_year       integer,
  paid_on          date,
  amount           bigint,
  probable_group   integer,
  erased_at        timestamptz,
  primary key (snapshot_id, nth),
  foreign key (organization_id, snapshot_id) references reporting.snapshots (organization_id, id) on delete cascade,
  foreign key (organization_id, member_id) references registry.members (organization_id, id),
  constraint snapshot_persons_erased_holds_nothing check (erased_at is null
    or num_nonnulls(name, address, postal_code, municipality, county, chapter, birth_year, paid_on, amount, probable_group) = 0)
);
create index snapshot_persons_snapshot on reporting.snapshot_persons (organization_id, snapshot_id);
create index snapshot_persons_member on reporting.snapshot_persons (organization_id, member_id);
comment on table reporting.snapshot_persons is 'Every member record that a snapshot looked at: counted, or why not. An erasure takes the person out and leaves the row.';
comment on column reporting.snapshot_persons.snapshot_id is 'The snapshot.';
comment on column reporting.snapshot_persons.organization_id is 'Whose member.';
comment on column reporting.snapshot_persons.nth is 'Number in the snapshot, by which lists and samples name the row.';
comment on column reporting.snapshot_persons.member_id is 'The record.';
comment on column reporting.snapshot_persons.reason is 'Why it is not counted; null: it is.';
comment on column reporting.snapshot_persons.verified is 'Whether the person has a number that a login or a coordinator vouched for.';
comment on column reporting.snapshot_persons.name is 'Name on that day''s record.';
comment on column reporting.snapshot_persons.address is 'Address.';
comment on column reporting.snapshot_persons.postal_code is 'Postal code.';
comment on column reporting.snapshot_persons.municipality is 'Municipality, in the division of the base year; null: not known.';
comment on column reporting.snapshot_persons.county is 'County, in the division of the base year.';
comment on column reporting.snapshot_persons.place_problem is 'Why the municipality is not known.';
comment on column reporting.snapshot_persons.chapter is 'Local chapter.';
comment on column reporting.snapshot_persons.birth_year is 'Year of birth.';
comment on column reporting.snapshot_persons.paid_on is 'When the dues of the base year were paid.';
comment on column reporting.snapshot_persons.amount is 'Sum in øre.';
comment on column reporting.snapshot_persons.probable_group is 'Persons with the same number here are probably one; null: nobody is like this one.';
comment on column reporting.snapshot_persons.erased_at is 'When the person was erased.';

alter table reporting.divisions enable row level security;
alter table reporting.divisions force row level security;
create policy owner_all on reporting.divisions to registry_owner using (true) with check (true);
alter table reporting.counties enable row level security;
alter table reporting.counties force row level security;
create policy owner_all on reporting.counties to registry_owner using (true) with check (true);
alter table reporting.municipalities enable row level security;
alter table reporting.municipalities force row level security;
create policy owner_all on reporting.municipalities to registry_owner using (true) with check (true);
alter table reporting.municipality_changes enable row level security;
alter table reporting.municipality_changes force row level security;
create policy owner_all on reporting.municipality_changes to registry_owner using (true) with check (true);
alter table reporting.residences enable row level security;
alter table reporting.residences force row level security;
create policy owner_all on reporting.residences to registry_owner using (true) with check (true);
alter table reporting.memberships enable row level security;
alter table reporting.memberships force row level security;
create policy owner_all on reporting.memberships to registry_owner using (true) with check (true);
alter table reporting.dues enable row level security;
alter table reporting.dues force row level security;
create policy owner_all on reporting.dues to registry_owner using (true) with check (true);
alter table reporting.grant_rules enable row level security;
alter table reporting.grant_rules force row level security;
create policy owner_all on reporting.grant_rules to registry_owner using (true) with check (true);
alter table reporting.snapshots enable row level security;
alter table reporting.snapshots force row level security;
create policy owner_all on reporting.snapshots to registry_owner using (true) with check (true);
alter table reporting.snapshot_figures enable row level security;
alter table reporting.snapshot_figures force row level security;
create policy owner_all on reporting.snapshot_figures to registry_owner using (true) with check (true);
alter table reporting.snapshot_persons enable row level security;
alter table reporting.snapshot_persons force row level security;
create policy owner_all on reporting.snapshot_persons to registry_owner using (true) with check (true);

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
