-- migrate:up
set local role registry_owner;

create type private.name_agreement as enum ('full', 'partial', 'none');
comment on type private.name_agreement is 'How two names compare: as a whole, in a word that tells people apart, or not at all.';

create type private.name_part as (
  is_written  boolean,
  words       text[],
  spellings   text[],
  whole       text
);
comment on type private.name_part is 'A given or a family name, as it is compared.';
comment on column private.name_part.is_written is 'Whether anything is there, be it a dash.';
comment on column private.name_part.words is 'The words that tell people apart, folded.';
comment on column private.name_part.spellings is 'The same words, and neighbours written together.';
comment on column private.name_part.whole is 'All of it written together; null where there are but initials.';

create type private.verdict as enum ('found', 'unlinked', 'ambiguous', 'name_mismatch', 'subject_moved');
comment on type private.verdict is 'What the match rules say of a login.';

create type private.candidate as (
  member_id          uuid,
  by_number          boolean,
  by_phone           boolean,
  by_email           boolean,
  name               private.name_agreement,
  birth_date_agrees  boolean,
  born_as_number_says boolean
);
comment on type private.candidate is 'A member that a login might belong to, with the evidence. Null: could not be compared, because one side lacks it.';
comment on column private.candidate.member_id is 'The member.';
comment on column private.candidate.by_number is 'The record has the observed number.';
comment on column private.candidate.by_phone is 'The verified phone number is the record''s.';
comment on column private.candidate.by_email is 'The verified e-mail address is the record''s.';
comment on column private.candidate.name is 'How the names compare.';
comment on column private.candidate.birth_date_agrees is 'Whether the birth dates are the same.';
comment on column private.candidate.born_as_number_says is 'Whether the record''s birth date is the one that the observed number begins with.';

create type private.match_result as (
  verdict      private.verdict,
  member_id    uuid,
  match_rule   text,
  candidates   uuid[],
  explanation  jsonb,
  told         boolean
);
comment on type private.match_result is 'Result of the match rules: the member if one was found, and why.';
comment on column private.match_result.verdict is 'Found, or why not.';
comment on column private.match_result.member_id is 'The member, if found.';
comment on column private.match_result.match_rule is 'The match rule that found it: link, number, phone_and_email ...';
comment on column private.match_result.candidates is 'Members considered when none was found.';
comment on column private.match_result.explanation is 'Match rule, what agreed, what disagreed.';
comment on column private.match_result.told is 'Where none was found: whether the app may be told that a member is concerned (private.is_plainly_theirs).';

create type private.judgement as (
  outcome          registry.outcome,
  other_member_id  uuid
);
comment on type private.judgement is 'What an observed number means for a record.';
comment on column private.judgement.outcome is 'The outcome.';
comment on column private.judgement.other_member_id is 'Another member of the organisation who has that number.';

create type private.task as enum ('push_personnummer', 'process_observation', 'carry_out_erasure', 'issue_invoice', 'count_grant');
comment on type private.task is 'The only jobs this database queues; each is a file in worker/tasks/.';

create type private.person as (
  organization_id  uuid,
  member_ids       uuid[],
  external_ids     text[],
  user_ids         uuid[],
  logins           registry.login_key[],
  numbers          text[],
  observation_ids  uuid[],
  session_ids      uuid[],
  conflict_ids     uuid[],
  push_ids         uuid[]
);
comment on type private.person is 'Everything by which rows of a person are found.';
comment on column private.person.organization_id is 'Whose member.';
comment on column private.person.member_ids is 'The records.';
comment on column private.person.external_ids is 'Their member numbers.';
comment on column private.person.user_ids is 'Their user ids.';
comment on column private.person.logins is 'Accounts at providers that are the person''s.';
comment on column private.person.numbers is 'Indexes of personnummer that are the person''s and no other member''s.';
comment on column private.person.observation_ids is 'Logins.';
comment on column private.person.session_ids is 'Sessions.';
comment on column private.person.conflict_ids is 'Cases that name the person, or that came of these logins.';
comment on column private.person.push_ids is 'Pushes.';

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
