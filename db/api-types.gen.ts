/**
 * The types of schema `api`, for supabase-js: `createClient<Database, 'api'>(url, key, { db: { schema: 'api' } })`.
 *
 * Written by `npm run db:types` from the database's catalogs; do not edit. The file stands alone: copy it into an app.
 */

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

/** The values of an enum, by its name. */
export type Enum<Name extends keyof Database['api']['Enums']> = Database['api']['Enums'][Name];

/** A row of a view, by its name. */
export type Row<Name extends keyof Database['api']['Views']> = Database['api']['Views'][Name]['Row'];

/** The decisions that `resolve_conflict` takes; the others come about by `link_login` and `retry_sync`. */
export type Decision = Exclude<Enum<'decision'>, 'link_login' | 'retry_sync'>;

/** A case after a decision was made, proposed, approved, declined, withdrawn or undone. */
export type SettledCase = {
  /** The case. */
  conflict_id: string;
  /** What was to be judged. */
  kind: Enum<'conflict_kind'>;
  /** `resolved`; `open` again after an undo. */
  state: Enum<'conflict_state'>;
  /** How it was settled; null when it is open again. */
  decision: Enum<'decision'> | null;
  /** The version to name in the next call. */
  version: number;
  /** Until when the decision can be undone (ISO 8601); null when there is none. */
  undo_until: string | null;
  /** What waits for a second coordinator; null when nothing does. */
  proposed_decision: Enum<'decision'> | null;
};

/** A case that `resolve_conflicts` did not settle; the others of the same call are settled all the same. */
export type RefusedCase = {
  /** The case. */
  conflict_id: string;
  /** Why not. */
  code: RefusalCode;
  /** The same as a sentence. */
  message: string;
  /** Always null. */
  details: null;
  /** Always null. */
  hint: null;
};

/** A case after `assign_conflict`. */
export type AssignedCase = {
  /** The case. */
  conflict_id: string;
  /** What is to be judged. */
  kind: Enum<'conflict_kind'>;
  /** `open` or `proposed`. */
  state: Enum<'conflict_state'>;
  /** Always null. */
  decision: null;
  /** The version to name in the next call; it has not changed. */
  version: number;
  /** Always null. */
  undo_until: null;
  /** What waits for a second coordinator; null when nothing does. */
  proposed_decision: Enum<'decision'> | null;
  /** Who looks after it (user id); null: nobody. */
  assigned_to: string | null;
  /** The same for people. */
  assigned_name: string | null;
  /** When that ends (ISO 8601), unless they do something about it before. */
  assigned_until: string | null;
};

/** A case after `postpone_conflict`. */
export type PostponedCase = {
  /** The case. */
  conflict_id: string;
  /** What is to be judged. */
  kind: Enum<'conflict_kind'>;
  /** Always open. */
  state: 'open';
  /** Always null. */
  decision: null;
  /** The version to name in the next call; it has not changed. */
  version: number;
  /** Always null. */
  undo_until: null;
  /** Always null. */
  proposed_decision: null;
  /** The day on which it comes back (ISO 8601); null: it is not postponed. */
  postponed_until: string | null;
};

/** A comment after `add_comment`. */
export type WrittenComment = {
  /** The case. */
  conflict_id: string;
  /** The comment. */
  comment_id: string;
  /** When (ISO 8601). */
  written_at: string;
};

/** What became of `withdraw_my_consent`. */
export type WithdrawnConsent = {
  /** The providers whose consent is withdrawn. */
  providers: Enum<'provider'>[];
  /** Removed, and the member system is told; kept, because it has another legal basis; or there was none. */
  number: 'removed' | 'kept' | 'none';
};

/** Everything stored about a person, after `export_member`. */
export type ExportedMember = {
  /** Whose member (slug). */
  organization: string;
  /** The member. */
  member_id: string;
  /** The member's number in the member system. */
  member_external_id: string | null;
  /** When (ISO 8601). */
  exported_at: string;
  /** Rows by table; columns without a value are not there. Numbers are masked. */
  tables: Record<string, Json[]>;
  /** Columns that are not handed out, by table; `*`: the whole table. */
  left_out: Record<string, string[] | '*'>;
};

/** A member that `find_members` found, as in `members`. */
export type FoundMember = {
  /** The member; `link_login` takes it. */
  id: string;
  /** Whose member (slug). */
  organization: string;
  /** The member's number in the member system. */
  external_id: string;
  /** Given name. */
  given_name: string | null;
  /** Family name. */
  family_name: string | null;
  /** Birth date (ISO 8601). */
  birth_date: string | null;
  /** E-mail address. */
  email: string | null;
  /** Phone, E.164. */
  phone: string | null;
  /** The recorded number, masked. */
  personnummer_masked: string | null;
  /** The record that this one was merged into. */
  merged_into: string | null;
};

/** What `find_members` found, ordered by name. */
export type FoundMembers = {
  /** At most as many as were asked for. */
  members: FoundMember[];
  /** There are others: search for more than that. */
  more: boolean;
};

/** A login after `link_login`. */
export type LinkedLogin = {
  /** The login. */
  observation_id: string;
  /** The member it belongs to now. */
  member_id: string;
  /** It is linked. */
  linked: true;
  /** The case that the decision settled, for `undo_resolution`; null where it was settled before. */
  conflict_id: string | null;
};

/** A login after `link_login`, where a second coordinator must approve it. */
export type ProposedLink = {
  /** The login. */
  observation_id: string;
  /** The member it is to belong to. */
  member_id: string;
  /** Not yet. */
  linked: false;
  /** The case that says so, in `approvals`. */
  conflict_id: string;
  /** What is to be judged. */
  kind: Enum<'conflict_kind'>;
  /** Always proposed. */
  state: 'proposed';
  /** Always null. */
  decision: null;
  /** The version to name in the next call. */
  version: number;
  /** Always null. */
  undo_until: null;
  /** Always link_login. */
  proposed_decision: 'link_login';
};

/** A member that a login might belong to. */
export type Suggestion = {
  /** The member; `link_login` takes it. */
  member_id: string;
  /** The member's number in the member system. */
  member_external_id: string;
  /** Given name. */
  given_name: string | null;
  /** Family name. */
  family_name: string | null;
  /** Birth date (ISO 8601). */
  birth_date: string | null;
  /** The recorded number, masked. */
  personnummer: string | null;
  /** Identifiers that agreed: personnummer, phone, email, name, birth_date, birth_date_of_number. */
  agreed: string[];
  /** Identifiers that disagreed. What is in neither could not be compared. */
  disagreed: string[];
  /** False: nothing but an unverified phone or e-mail address points at the member. */
  verified: boolean;
};

/** What is on its way after `retry_sync`. */
export type QueuedPush = {
  /** The push that is queued now: a new one when the old one had failed for good. */
  push_id: string;
  /** Always pending. */
  state: 'pending';
};

/** How many are on their way after `retry_sync` for several pushes, or for an error code. */
export type QueuedPushes = {
  /** Pushes that are queued now. */
  queued: number;
  /** Pushes that were refused one by one: not failed, or followed by a later one. */
  not_queued: number;
};

/** A change of the worklist after `mark_done`. */
export type DeliveredPush = {
  /** The change. */
  push_id: string;
  /** Always delivered. */
  state: 'delivered';
};

/** A number of the worklist, readable with the private key of the organisation only. */
export type SealedNumber = {
  /** The change. */
  push_id: string;
  /** Compact JWE (RFC 7516) for `receiver_key`. */
  sealed: string;
};

/** A file of changes, readable with the private key of the organisation only. */
export type SealedFile = {
  /** The file. */
  file_id: string;
  /** Compact JWE (RFC 7516) for `receiver_key`, of a CSV: external_id,personnummer. */
  sealed: string;
  /** Changes in it. */
  changes: number;
};

/** An invoice after `cancel_invoice` or `retry_invoice`. */
export type NamedInvoice = {
  /** The invoice. */
  invoice_id: string;
};

/** A file after `acknowledge_sync_file`. */
export type AcknowledgedFile = {
  /** The file. */
  file_id: string;
  /** Changes that were carried out. */
  delivered: number;
  /** Changes that were not; each is a case. */
  refused: number;
};

/** The language of the pages after `set_language`. */
export type ChosenLanguage = {
  /** What was chosen; null: as the browser asks. */
  language: Enum<'language'> | null;
};

/** A person after `erase_member`: the worker erases what is known of them within seconds. */
export type AnnouncedErasure = {
  /** The record that was asked about. */
  member_id: string;
  /** The erasure, in `erasures`; `fetch_erasure_receipt` takes it. */
  erasure_id: string;
  /** Always announced. */
  state: 'announced';
};

/** A person after `erase_member`, where a second coordinator must approve it. */
export type ProposedErasure = {
  /** The record that was asked about. */
  member_id: string;
  /** Not yet. */
  erasure_id: null;
  /** The case that says so, in `approvals`. */
  conflict_id: string;
  /** Always erasure. */
  kind: 'erasure';
  /** Always proposed. */
  state: 'proposed';
  /** Always null. */
  decision: null;
  /** The version to name in the next call. */
  version: number;
  /** Always null. */
  undo_until: null;
  /** Always erase_member. */
  proposed_decision: 'erase_member';
};

/** The receipt of an erasure, which is given out once. */
export type ErasureReceipt = {
  /** The erasure. */
  erasure_id: string;
  /** Compact JWS (RFC 7515, EdDSA); its payload is JSON: what was erased, by table, and what is kept. */
  receipt: string;
};

/** A count that a worker will do. */
export type AskedCount = {
  /** The snapshot: `grant_snapshots` says how far it is. */
  snapshot_id: string;
  /** It waits. */
  state: 'asked';
  /** The year whose members and payments count. */
  base_year: number;
  /** The rule. */
  rule_code: string;
};

/** A figure of a report. */
export type GrantFigure = {
  /** What is told apart. */
  dimension: Enum<'dimension'>;
  /** Number of the place in the division of the base year, year, chapter or code; empty: not known. */
  key: string;
  /** Name of the place in that year. */
  name: string | null;
  /** How many count; for a reason: how many records do not. */
  counted: number;
  /** How many of them have a verified number. */
  verified: number;
};

/** What was counted for a grant, without persons. */
export type GrantReport = {
  /** The snapshot. */
  snapshot_id: string;
  /** Whose members (slug). */
  organization: string;
  /** The organisation, for people. */
  organization_name: string;
  /** The year whose members and payments count. */
  base_year: number;
  /** The year in which is applied. */
  application_year: number;
  /** The year that the grant is for. */
  grant_year: number;
  /** The rule as it was. */
  rule: GrantRule;
  /** The day on which is counted (ISO 8601). */
  counted_on: string;
  /** Draft or frozen. */
  state: Enum<'snapshot_state'>;
  /** What `propose_grant_freeze` wants. */
  version: number;
  /** The frozen snapshot that this one corrects. */
  corrects: string | null;
  /** When it was counted (ISO 8601). */
  made_at: string;
  /** End of the last import before. */
  imported_at: string | null;
  /** When it was frozen. */
  frozen_at: string | null;
  /** Source of the municipalities of that year. */
  division: string;
  /** SHA-256 of the program that counted. */
  counting_digest: string;
  /** Member records that were looked at. */
  records: number;
  /** Persons who count. */
  counted: number;
  /** How many of them have a verified number. */
  verified: number;
  /** From how many counties. */
  counties: number;
  /** From how many municipalities. */
  municipalities: number;
  /** Counted persons who are probably one with another. */
  probable_duplicates: number;
  /** Cases that were open, by kind. */
  open_cases: Record<string, number>;
  /** Whether the figures reach what the grant asks for. */
  meets: boolean | null;
  /** SHA-256 over all that was counted. */
  digest: string;
  /** The figures; null: nobody was there. */
  figures: GrantFigure[] | null;
};

/** The rule of a grant, as a snapshot keeps it. */
export type GrantRule = {
  /** Short name. */
  code: string;
  /** Name for people. */
  title: string;
  /** Where it is written, and what is not confirmed. */
  document: string;
  /** Smallest fee that counts, in øre. */
  min_fee: number;
  /** How many members are asked for. */
  required_members: number | null;
  /** From how many municipalities. */
  required_municipalities: number | null;
  /** From how many counties. */
  required_counties: number | null;
  /** Whether one of these is enough. */
  one_suffices: boolean;
};

/** A line of a list. Never a personnummer. */
export type GrantPerson = {
  /** Number of the line in the snapshot. */
  nth: number;
  /** Name; null: erased, or none. */
  name: string | null;
  /** Address and postal code. */
  address: string | null;
  /** County. */
  county_name: string | null;
  /** Municipality. */
  municipality_name?: string | null;
  /** Year of birth. */
  birth_year: number | null;
  /** When the dues were paid (ISO 8601). */
  paid_on: string | null;
  /** Sum in øre. */
  amount: number | null;
  /** Why the record is not counted. */
  reason?: string | null;
  /** Why the municipality is not known. */
  place_problem?: string | null;
  /** Persons with the same number here are probably one. */
  probable_group?: number | null;
  /** The person was erased; the figures still count them. */
  erased: boolean;
};

/** Lines of a list, in their order. */
export type GrantList = {
  /** The lines. */
  rows: GrantPerson[];
};

/** How many of the counted live in an area. */
export type GrantArea = {
  /** The snapshot. */
  snapshot_id: string;
  /** Its year. */
  base_year: number;
  /** How many. */
  counted: number;
  /** How many of them have a verified number. */
  verified: number;
  /** From how many municipalities. */
  municipalities: number;
  /** The same by municipality of the base year. */
  rows: { municipality: string; name: string; counted: number; verified: number }[];
  /** How many of the whole snapshot live nobody knows where. */
  without_municipality: number;
};

/** What agreed and what disagreed between a login and a record, and how two numbers differ. Never a number. */
export type Evidence = {
  /** The match rule that held (docs/outcomes.md); absent when none did. */
  match_rule?: string;
  /** How many members anything of the login pointed at. */
  candidates?: number;
  /** Identifiers that agreed: personnummer, phone, email, name, birth_date, birth_date_of_number. */
  agreed?: string[];
  /** Identifiers that disagreed. */
  disagreed?: string[];
  /** Mismatch: both numbers show the same birth date. */
  same_birth_date?: boolean;
  /** Mismatch: the record has a D-number, the login brought a personnummer. */
  d_number_to_personnummer?: boolean;
  /** Mismatch: the number of the record is a synthetic one. */
  recorded_synthetic?: boolean;
  /** Mismatch: the number of the login is a synthetic one. */
  observed_synthetic?: boolean;
  /** Mismatch: the number of the record was written after this login. */
  older_than_record?: boolean;
  /** Withdrawn consent: the provider that it is about. */
  provider?: Enum<'provider'>;
  /** Withdrawn consent: true when the member withdrew it in the app, false for a message of the provider. */
  verified?: boolean;
  /** Case of an import: the run. */
  import_run_id?: string;
  /** Case of an import: the line of the file. */
  line?: number;
  /** Case of an import: the number that it brought, masked. */
  personnummer?: string;
  /** Failed push or member system: what went wrong (docs/error-codes.md). */
  error_code?: string;
  /** Failed push or member system: status of the last answer. */
  http_status?: number;
  /** Proposed key: its thumbprint (RFC 7638), to be compared. */
  fingerprint?: string;
  /** Proposed key: the thumbprint of the one in force. */
  replaces?: string;
  /** Proposed key: the key. */
  public_jwk?: Json;
  /** Failed push: attempts that were begun. */
  attempts?: number;
  /** Freezing: the snapshot. */
  snapshot_id?: string;
  /** Freezing: its base year. */
  base_year?: number;
  /** Freezing: its rule. */
  rule?: string;
  /** Freezing: how many count. */
  counted?: number;
  /** Freezing: digest of the figures. */
  digest?: string;
};

/** Every refusal, with its HTTP status (docs/error-codes.md). */
export const REFUSALS = {
  /** There is no such row for you. */
  not_found: { status: 404 },
  /** The case, or the record, has changed since you looked at it. Read it again and decide on what it says now. */
  stale_version: { status: 409 },
  /** The case is settled already. */
  not_open: { status: 409 },
  /** A decision on this case is proposed already: another coordinator approves or declines it, or the first withdraws it. */
  awaits_approval: { status: 409 },
  /** No decision on this case waits for approval. */
  not_proposed: { status: 409 },
  /** You proposed this yourself. Another coordinator approves or declines it; you can withdraw it. */
  own_proposal: { status: 409 },
  /** Another coordinator proposed this. You can decline it. */
  not_your_proposal: { status: 409 },
  /** A colleague looks after this case. Give it back first, then take it. */
  already_assigned: { status: 409 },
  /** A case is postponed until a day from tomorrow on, within a year. */
  date_unusable: { status: 422 },
  /** Write something. */
  text_missing: { status: 422 },
  /** The case has two hundred comments already. */
  too_many_comments: { status: 409 },
  /** Name from 1 to 200 cases, and beside each its version. */
  number_of_cases: { status: 422 },
  /** The cases are not of one kind and class. Decide on those of each class together. Nothing was done. */
  several_classes: { status: 422 },
  /** This is a private key, which belongs to nobody else. Throw it away, make a new pair, and send the public one. */
  key_is_private: { status: 422 },
  /** This is no public key that numbers can be sealed for: a JWK of X25519 or P-256. */
  key_unusable: { status: 422 },
  /** There is no such decision. */
  unknown_decision: { status: 422 },
  /** That decision cannot be made of a case of this kind. */
  decision_not_applicable: { status: 422 },
  /** Another member has this number. Settle which of the two records is the person's first. */
  number_taken: { status: 409 },
  /** The records or the login have changed since, so this can no longer be done. Look at the case again. */
  evidence_changed: { status: 409 },
  /** The organisation has not recorded its legal basis for storing numbers, or why they are necessary. */
  capture_off: { status: 409 },
  /** The login is linked to a member already. */
  already_linked: { status: 409 },
  /** The person was erased, or is about to be: nothing more is decided about the record. */
  member_erased: { status: 409 },
  /** The reason tells who it is, and is kept. Write it without name, number, address or birth date. */
  person_in_reason: { status: 422 },
  /** The receipt is not there yet. Try again in a minute; if it stays so, the operator must look at it. */
  erasure_not_done: { status: 409 },
  /** The receipt was given out already, which happens once. */
  receipt_given: { status: 409 },
  /** The member was merged into another record. Use the surviving one. */
  member_merged: { status: 409 },
  /** The push has not failed, or a later one has taken its place. */
  not_failed: { status: 409 },
  /** The number is in question in an open case. Settle that first. */
  disputed: { status: 409 },
  /** Name one push, or up to a thousand, or one error code, or one case. */
  name_one_thing: { status: 422 },
  /** The change does not wait on the worklist any more. */
  not_waiting: { status: 409 },
  /** The number is not ready to be fetched. Try again in a minute; if it stays so, the operator must look at it. */
  not_sealed_yet: { status: 409 },
  /** The file cannot be fetched or acknowledged: it is being written, or it is settled already. */
  not_ready: { status: 409 },
  /** One of the ids is not in this file. Nothing was acknowledged: look at the ids and do it again. */
  not_in_file: { status: 422 },
  /** The case has no decision that could be undone. */
  not_resolved: { status: 409 },
  /** A decision can be undone for 30 days. */
  too_late: { status: 409 },
  /** Decisions on this case were undone twenty times already. Leave it as it is, or ask the operator. */
  undone_too_often: { status: 409 },
  /** A note has 4000 characters at most. */
  note_too_long: { status: 422 },
  /** The note holds eleven digits that may be a personnummer. Write it without them. */
  number_in_note: { status: 422 },
  /** Write two letters or more of each name, or a birth date, a phone, an e-mail address or a member number. */
  query_unusable: { status: 422 },
  /** From 1 to 50 members are shown at a time. */
  limit_unusable: { status: 422 },
  /** Nobody is found by a personnummer. Search by name, birth date, phone, e-mail address or member number. */
  number_in_query: { status: 422 },
  /** There is no consent of yours that could be withdrawn. */
  nothing_to_withdraw: { status: 409 },
  /** There is no such rule of a grant. */
  rule_unknown: { status: 422 },
  /** The municipalities of that year are not known here. The operator adds them: docs/grant-reports.md, "A new year". */
  division_unknown: { status: 422 },
  /** The day on which is counted has not passed yet. */
  year_not_over: { status: 409 },
  /** What is corrected is the last frozen snapshot of the same organisation, base year and rule. */
  corrects_unknown: { status: 422 },
  /** That is frozen. A correction is a new count that names the frozen one. */
  frozen_already: { status: 409 },
  /** The members could not be counted: there are no figures. Have them counted again. */
  count_failed: { status: 409 },
  /** Members are being counted for a grant at this moment. Try again when that is done. */
  is_being_counted: { status: 409 },
  /** There is no such list, or not of that length. */
  list_unusable: { status: 422 },
  /** Name counties or municipalities, by their numbers in that year. */
  area_unusable: { status: 422 },
  /** The language is nb, nn or en. */
  unknown_language: { status: 422 },
  /** The invoice is issued, is being issued at this moment, or is cancelled. */
  invoice_not_open: { status: 409 },
  /** A reason has 500 characters at most. */
  reason_too_long: { status: 422 },
  /** Something newer depends on this decision. Undo or settle that first. */
  newer_change: { status: 409 },
} as const;

export type RefusalCode = keyof typeof REFUSALS;

/** The body of a refusal. supabase-js hands it over as `error`, never as `data`. */
export type Refusal = { code: RefusalCode; message: string; details: null; hint: null };

/** The body of an answer over HTTP, whatever its status: for those who call without supabase-js. */
export type Answer<Name extends keyof Database['api']['Functions']> =
  | Database['api']['Functions'][Name]['Returns']
  | Refusal;

/** Whether an error is one of the refusals above, and not a lost connection, an expired token, or a fault. */
export function isRefusal<E extends { code: string }>(error: E | null): error is E & { code: RefusalCode } {
  return error !== null && Object.hasOwn(REFUSALS, error.code);
}

export type Database = {
  api: {
    Tables: { [_ in never]: never };
    Views: {
      /** Decisions on cases of the coordinator's organisations that wait for a second coordinator. */
      approvals: {
        Row: {
          /** The case; api.approve, api.decline and api.withdraw_proposal take it. */
          conflict_id: string;
          /** Whose case (slug). */
          organization: string;
          /** What is to be judged. */
          kind: Enum<'conflict_kind'>;
          /** What is proposed. */
          decision: Enum<'decision'> | null;
          /** The note of the one who proposed it. */
          note: string | null;
          /** Who proposed it (user id). */
          proposed_by: string | null;
          /** Who proposed it, for people. */
          proposed_by_name: string | null;
          /** When. */
          proposed_at: string | null;
          /** What approve, decline and withdraw_proposal want as expected_version. */
          version: number;
          /** The records, the login or the case have changed since: it cannot be approved any more, only declined or withdrawn. */
          evidence_changed: boolean | null;
          /** Whether the reader proposed it, and so may withdraw but not approve it. */
          mine: boolean | null;
          /** For link_login: the member whom the login is to belong to. */
          member_id: string | null;
        };
        Relationships: [];
      };
      /** Comments on cases of the coordinator's organisations. */
      conflict_comments: {
        Row: {
          /** Identifies the comment. */
          id: string;
          /** The case. */
          conflict_id: string;
          /** Whose case (slug). */
          organization: string;
          /** When it was written. */
          written_at: string;
          /** Who wrote it (user id). */
          user_id: string;
          /** Who wrote it, for people. */
          name: string | null;
          /** The comment. */
          text: string;
        };
        Relationships: [];
      };
      /** Cases that wait for coordinators of the reader's organisations, counted by kind. A kind without any has no row. */
      conflict_counts: {
        Row: {
          /** Whose cases (slug). */
          organization: string;
          /** What is to be judged. */
          kind: Enum<'conflict_kind'> | null;
          /** Open ones, without those that are postponed. */
          open: number;
          /** Open ones that are postponed to a later day. */
          postponed: number;
          /** Those in which a decision is proposed and waits for another coordinator. */
          proposed: number;
          /** How many of the open ones the reader looks after. */
          mine: number;
          /** When the oldest of the open ones was opened. */
          oldest: string | null;
        };
        Relationships: [];
      };
      /** The coordinators of the caller's organisations, those included whose invitation waits. */
      coordinators: {
        Row: {
          /** Whose coordinator (slug). */
          organization: string;
          /** The coordinator; api.assign_conflict takes it. */
          user_id: string;
          /** Name, e-mail address, or the beginning of the user id, whichever is there first. */
          name: string | null;
          /** Whether it is the caller. */
          me: boolean | null;
        };
        Relationships: [];
      };
      /** Per organisation: members, how many have a number, how many were confirmed or filled by a login in the last 12 months, logins that belong to nobody, pushes that wait and that failed, all as of counted_at; and open cases by kind and the oldest, as of now. */
      data_quality: {
        Row: {
          /** Whose figures (slug). */
          organization: string;
          /** Members, merged records aside; null: not counted yet. */
          members: number | null;
          /** How many of them have a number. */
          with_number: number | null;
          /** Members whose number a login filled or confirmed in the last 12 months. */
          confirmed_last_12_months: number | null;
          /** Logins that matched no member with certainty and still belong to nobody. */
          unlinked_logins: number | null;
          /** Cases that wait for a coordinator, open or proposed, as of now. */
          open_cases: number;
          /** The same by kind: {"mismatch": 3}. */
          open_cases_by_kind: Partial<Record<Enum<'conflict_kind'>, number>>;
          /** When the oldest of them was opened. */
          oldest_open_case: string | null;
          /** Changes that have not reached the member system yet. */
          pending_pushes: number | null;
          /** Changes that were refused or given up and that no later one follows. */
          failed_pushes: number | null;
          /** When everything but the cases was counted. */
          counted_at: string | null;
        };
        Relationships: [];
      };
      /** Changes of the coordinator's organisations to be carried to their member systems, whatever became of them. */
      deliveries: {
        Row: {
          /** The change; api.retry_sync takes it. */
          id: string;
          /** Whose member system (slug). */
          organization: string;
          /** The member whose number is carried. */
          member_id: string;
          /** The member's number in the member system. */
          member_external_id: string | null;
          /** Given name on the record. */
          member_given_name: string | null;
          /** Family name on the record. */
          member_family_name: string | null;
          /** set: the number is to be recorded there; remove: taken away. */
          change: string | null;
          /** Where it stands (docs/for-coordinators.md). */
          state: Enum<'push_state'>;
          /** Attempts begun. */
          attempts: number;
          /** When the change was made. */
          created_at: string;
          /** When it is tried next; null: it waits for a case, or is not tried any more. */
          next_attempt_at: string | null;
          /** When it was delivered, refused, given up or overtaken. */
          settled_at: string | null;
          /** Code of the last failure (docs/error-codes.md). */
          error_code: string | null;
          /** The same as a sentence; that it waits for a case. */
          reason: string | null;
          /** The case that is to be settled before the change is sent. */
          waits_for_conflict_id: string | null;
        };
        Relationships: [];
      };
      /** Persons whom the coordinator's organisations have erased, or who are about to be. */
      erasures: {
        Row: {
          /** The erasure; api.fetch_erasure_receipt takes it. */
          erasure_id: string;
          /** Whose member (slug). */
          organization: string;
          /** The record that was asked about. */
          member_id: string;
          /** announced: the worker carries it out within seconds; erased. */
          state: Enum<'erasure_state'>;
          /** Why. */
          reason: string;
          /** The coordinator who asked for it (user id); null: the operator. */
          requested_by: string | null;
          /** The second coordinator, where two were needed. */
          approved_by: string | null;
          /** When it was decided. */
          announced_at: string;
          /** When it was carried out. */
          erased_at: string | null;
          /** What was erased: numbers of rows by table. */
          counts: Record<string, number> | null;
          /** not_needed: no number had been sent to the member system; queued: it is told to remove the number; delivered: it has, or a coordinator closed the case about it. */
          removal: Enum<'removal_state'> | null;
          /** When. */
          removed_at: string | null;
          /** Whether the receipt is there to be fetched. */
          receipt_waits: boolean | null;
          /** When it was given out. */
          receipt_given_at: string | null;
        };
        Relationships: [];
      };
      /** Pushes of the coordinator's organisations that failed or wait for a case, with the reason and the next try. */
      failed_syncs: {
        Row: {
          /** The change; api.retry_sync takes it. */
          push_id: string;
          /** Whose member system (slug). */
          organization: string;
          /** The member whose number is carried. */
          member_id: string;
          /** The member's number in the member system. */
          member_external_id: string | null;
          /** rejected or given_up: a case; pending or sending: it is still tried. */
          state: Enum<'push_state'>;
          /** Attempts begun. */
          attempts: number;
          /** Code of the last failure (docs/error-codes.md). */
          error_code: string | null;
          /** The same as a sentence. */
          reason: string | null;
          /** HTTP status of the last answer. */
          http_status: number | null;
          /** When it is tried again. */
          next_attempt_at: string | null;
          /** When the change was made. */
          created_at: string;
          /** When it was refused or given up. */
          settled_at: string | null;
          /** The case that is to be settled before the change is sent. */
          waits_for_conflict_id: string | null;
        };
        Relationships: [];
      };
      /** Figures of a snapshot by county, municipality, birth year, chapter, and by reason of those who do not count. Small ones are for the organisation only. */
      grant_figures: {
        Row: {
          /** The snapshot. */
          snapshot_id: string;
          /** Whose members (slug). */
          organization: string;
          /** What is told apart. */
          dimension: Enum<'dimension'>;
          /** Number of the place in the division of the base year, year, chapter or code; empty: not known. */
          key: string;
          /** Name of the place in that year. */
          name: string | null;
          /** How many persons count; for a reason: how many records do not. */
          counted: number;
          /** How many of them have a verified number. */
          verified: number;
        };
        Relationships: [];
      };
      /** Rules of grants: what is counted, and what the grant asks for. */
      grant_rules: {
        Row: {
          /** Who can count by it (slug). */
          organization: string | null;
          /** What api.make_grant_snapshot takes. */
          code: string | null;
          /** Name for people. */
          title: string | null;
          /** Who gives the grant. */
          level: Enum<'grant_level'> | null;
          /** Where the rule is written, and what of it has not been confirmed. */
          document: string | null;
          /** Smallest fee that counts as paying, in øre. */
          min_fee: number | null;
          /** Lowest age; null: any. */
          min_age: number | null;
          /** Highest age; null: any. */
          max_age: number | null;
          /** How many members the grant asks for; null: it does not. */
          required_members: number | null;
          /** From how many municipalities. */
          required_municipalities: number | null;
          /** From how many counties. */
          required_counties: number | null;
          /** Whether one of these is enough. */
          one_suffices: boolean | null;
        };
        Relationships: [];
      };
      /** What was counted for grants, one row a count. Figures: api.grant_figures. */
      grant_snapshots: {
        Row: {
          /** Identifies the snapshot. */
          snapshot_id: string;
          /** Whose members (slug). */
          organization: string;
          /** The year whose members and payments count. */
          base_year: number;
          /** The year in which is applied. */
          application_year: number | null;
          /** The year that the grant is for. */
          grant_year: number | null;
          /** The rule. */
          rule_code: string;
          /** The rule, for people. */
          rule_title: string | null;
          /** The day on which is counted. */
          counted_on: string;
          /** Asked for (a worker counts it), failed (ask again), draft or frozen. */
          state: Enum<'snapshot_state'>;
          /** What api.propose_grant_freeze wants as expected_version. */
          version: number;
          /** The frozen snapshot that this one corrects. */
          corrects: string | null;
          /** When it was counted, or asked for. */
          made_at: string;
          /** When the worker began to count; null: not yet, or the operator counted. */
          started_at: string | null;
          /** When the last attempt to count had failed. */
          failed_at: string | null;
          /** Why, as a code (docs/error-codes.md). */
          failure: string | null;
          /** End of the last import before. */
          imported_at: string | null;
          /** Member records that were looked at. */
          records: number;
          /** Persons who count. */
          counted: number;
          /** How many of them have a verified number. */
          verified: number;
          /** From how many counties. */
          counties: number;
          /** From how many municipalities. */
          municipalities: number;
          /** Counted persons who are probably one with another. */
          probable_duplicates: number;
          /** Cases that were open then, by kind. */
          open_cases: Record<string, number>;
          /** Whether the figures reach what the grant asks for. */
          meets: boolean | null;
          /** SHA-256 over all that was counted. */
          digest: string | null;
          /** When two coordinators froze it. */
          frozen_at: string | null;
          /** The case in which it was frozen, or is to be. */
          conflict_id: string | null;
        };
        Relationships: [];
      };
      /** The issuer of each of the coordinator's organisations: whether invoices are issued (breaker closed) and if not why and until when, and how many wait. */
      invoice_issuers: {
        Row: {
          /** The organisation (slug). */
          organization: string;
          /** Its organisation number. */
          organization_number: string;
          /** closed: invoices are issued; open: none is; half_open: one is, to find out. */
          breaker: Enum<'breaker_state'>;
          /** The failure that stopped them (docs/error-codes.md). */
          error_code: string | null;
          /** The same as a sentence. */
          reason: string | null;
          /** Since when none is issued. */
          opened_at: string | null;
          /** When the next one is tried. */
          next_probe_at: string | null;
          /** How many invoices wait. */
          waiting: number;
        };
        Relationships: [];
      };
      /** Invoices of the coordinator's organisations, whatever became of them. */
      invoices: {
        Row: {
          /** The invoice; api.cancel_invoice and api.retry_invoice take it. */
          id: string;
          /** Who issues it (slug). */
          organization: string;
          /** The member who is invoiced. */
          member_id: string;
          /** The member's number in the member system. */
          member_external_id: string | null;
          /** Given name on the record. */
          member_given_name: string | null;
          /** Family name on the record. */
          member_family_name: string | null;
          /** The organisation's number of the invoice. */
          invoice_number: string;
          /** Amount in øre. */
          amount_ore: number;
          /** When it is due. */
          due_date: string;
          /** KID that the payment carries. */
          kid: string | null;
          /** The organisation's reference to the document. */
          document_reference: string | null;
          /** What the recipient reads that it is for. */
          description: string;
          /** Where it stands (docs/for-coordinators.md). */
          state: Enum<'invoice_state'>;
          /** Attempts begun. */
          attempts: number;
          /** When it was added. */
          created_at: string;
          /** When it is tried next; null: it is not tried any more, or is being issued. */
          next_attempt_at: string | null;
          /** When it was issued, or ended without. */
          settled_at: string | null;
          /** Code of the last failure (docs/error-codes.md). */
          error_code: string | null;
          /** HTTP status of the last answer. */
          http_status: number | null;
          /** Why it was not issued, as a sentence. */
          reason: string | null;
          /** Why it was cancelled. */
          cancel_reason: string | null;
        };
        Relationships: [];
      };
      /** Audit events about members of the coordinator's organisations. */
      member_history: {
        Row: {
          /** Identifies the event; rises with time, roughly. */
          event_id: number;
          /** Whose member (slug). */
          organization: string;
          /** The member concerned. */
          member_id: string | null;
          /** The member's number in the member system. */
          member_external_id: string | null;
          /** When it happened. */
          occurred_at: string;
          /** What happened (docs/for-coordinators.md). */
          event: string;
          /** What brought it about; worker: also where a login or a coordinator caused what became of a push. */
          source: string;
          /** The same as a sentence. Numbers are masked. */
          message: string;
          /** The login concerned. */
          observation_id: string | null;
          /** The case concerned. */
          conflict_id: string | null;
          /** The push concerned. */
          push_id: string | null;
        };
        Relationships: [];
      };
      /** Logins in the coordinator's organisations that belong, or belonged, to a member. */
      member_logins: {
        Row: {
          /** The login. */
          observation_id: string;
          /** Where the person logged in (slug). */
          organization: string;
          /** The member. */
          member_id: string | null;
          /** What the person logged in with. */
          provider: Enum<'provider'>;
          /** What became of it. */
          outcome: Enum<'outcome'>;
          /** When it was recorded. */
          received_at: string;
          /** Given name that the login brought. */
          given_name: string | null;
          /** Family name that the login brought. */
          family_name: string | null;
          /** Whether that account belongs to the member now. */
          linked: boolean | null;
        };
        Relationships: [];
      };
      /** The member system of each of the coordinator's organisations: how it is reached, whether changes flow (breaker closed) and if not why and until when, and how many changes wait. */
      member_systems: {
        Row: {
          /** Whose member system (slug). */
          organization: string;
          /** How it is reached: http, file or worklist. */
          kind: Enum<'member_system_kind'>;
          /** closed: changes flow; open: none is sent; half_open: one is, to find out. */
          breaker: Enum<'breaker_state'>;
          /** The failure that stopped the changes (docs/error-codes.md). */
          error_code: string | null;
          /** The same as a sentence. */
          reason: string | null;
          /** HTTP status of that failure. */
          http_status: number | null;
          /** Since when nothing is sent. */
          opened_at: string | null;
          /** When the next change is let through to find out. */
          next_probe_at: string | null;
          /** How many changes wait. */
          waiting: number;
          /** When the oldest of them was made. */
          oldest_waiting_since: string | null;
        };
        Relationships: [];
      };
      /** Member records of the coordinator's organisations, but those that were erased (api.erasures). Numbers are masked. api.find_members searches them. */
      members: {
        Row: {
          /** The member; api.link_login takes it. */
          id: string;
          /** Whose member (slug). */
          organization: string;
          /** The member's number in the member system. */
          external_id: string | null;
          /** Given name. */
          given_name: string | null;
          /** Family name. */
          family_name: string | null;
          /** Birth date. */
          birth_date: string | null;
          /** E-mail address. */
          email: string | null;
          /** Phone, E.164. */
          phone: string | null;
          /** The recorded number, masked; null: none. */
          personnummer_masked: string | null;
          /** What brought the number. */
          personnummer_source: Enum<'source'> | null;
          /** When it was recorded. */
          personnummer_at: string | null;
          /** The record that this one was merged into. */
          merged_into: string | null;
          /** Rises with every change of the record. */
          version: number;
          /** When the record was made here. */
          created_at: string;
          /** When it was last changed. */
          updated_at: string;
          /** The person is about to be erased (api.erasures). */
          erasure_id: string | null;
        };
        Relationships: [];
      };
      /** What happened in each month, per organisation. Months are those of Norwegian time; the running one is as it was when it was counted last. */
      monthly_figures: {
        Row: {
          /** Whose figures (slug). */
          organization: string;
          /** First day of the month. */
          month: string;
          /** Members with a number at its end; of the running month: at counted_at; null: nobody counted then. */
          members_with_number: number | null;
          /** Logins that filled a number. */
          filled: number;
          /** Logins that confirmed one. */
          confirmed: number;
          /** Logins that brought another number than the record has. */
          conflict: number;
          /** Logins whose number another member has. */
          duplicate: number;
          /** Logins that brought none. */
          absent: number;
          /** Logins that nobody matched. */
          unlinked: number;
          /** Logins that several members matched. */
          ambiguous: number;
          /** Logins that one member matched, under another name. */
          name_mismatch: number;
          /** Cases opened. */
          cases_opened: number;
          /** Decisions of coordinators, without those that were taken back. */
          cases_settled: number;
          /** Changes that reached the member system. */
          deliveries_done: number;
          /** Changes that were refused or given up, and have not been delivered since. */
          deliveries_failed: number;
          /** When all this was counted. */
          counted_at: string;
        };
        Relationships: [];
      };
      /** The answers of the member whose access token it is, to the question whether the personnummer may be stored. */
      my_consents: {
        Row: {
          /** The provider whose number it is about. */
          provider: Enum<'provider'> | null;
          /** given, refused, or given and withdrawn later. */
          state: Enum<'consent_state'> | null;
          /** The scope that was asked for, where the provider asked. */
          scope: string | null;
          /** Who asked, in which words and language. */
          evidence: Json | null;
          /** When it was answered. */
          answered_at: string | null;
          /** When it was withdrawn. */
          withdrawn_at: string | null;
        };
        Relationships: [];
      };
      /** What happened to the record of the member whose access token it is. Order by occurred_at. */
      my_history: {
        Row: {
          /** When it happened. */
          occurred_at: string | null;
          /** What happened (docs/for-apps.md). */
          event: string | null;
          /** What brought it about: a login, the app, an import, a coordinator, the worker or the operator. */
          source: string | null;
          /** The same as a sentence, in English. */
          message: string | null;
        };
        Relationships: [];
      };
      /** The caller: a row for each organisation that the caller is a coordinator of. */
      my_profile: {
        Row: {
          /** The caller's user id. */
          user_id: string;
          /** The organisation (slug). */
          organization: string;
          /** The organisation, for people. */
          organization_name: string;
          /** The caller, for people. */
          name: string | null;
          /** nb, nn or en, as api.set_language stored it; null: as the browser asks. */
          language: Enum<'language'> | null;
          /** Decisions that a second coordinator of this organisation must approve. */
          need_approval: string[] | null;
        };
        Relationships: [];
      };
      /** The record of the member whose access token it is: one row, or none for anybody else. */
      my_record: {
        Row: {
          /** The organisation (slug). */
          organization: string | null;
          /** The organisation, for people. */
          organization_name: string | null;
          /** The member's number in the member system. */
          member_external_id: string | null;
          /** Given name. */
          given_name: string | null;
          /** Family name. */
          family_name: string | null;
          /** Birth date. */
          birth_date: string | null;
          /** E-mail address. */
          email: string | null;
          /** Phone, E.164. */
          phone: string | null;
          /** The recorded personnummer, masked; null: none. */
          personnummer_masked: string | null;
          /** Where it came from. */
          personnummer_source: Enum<'source'> | null;
          /** Since when it is recorded. */
          personnummer_at: string | null;
          /** The organisation's legal basis for keeping it, in its own words; null: there is no number. */
          legal_basis: string | null;
          /** Whether it was stored with consent: then api.withdraw_my_consent removes it. */
          consent_is_basis: boolean | null;
          /** Whether it reached the member system: none (nothing was to be carried), waiting, sent, not_sent (refused or stopped), removed (taken out there). */
          delivery: string | null;
          /** How it was carried: over an interface (http), in a sealed file (file), by a person (worklist); null: the number of now was not. */
          sent_to: Enum<'member_system_kind'> | null;
          /** When the number of now was carried there last. */
          sent_at: string | null;
          /** What the member can log in with. */
          logins: Enum<'provider'>[] | null;
          /** When the record was made here. */
          created_at: string | null;
          /** When it was last changed. */
          updated_at: string | null;
          /** Municipality, as the last import had it. */
          municipality: string | null;
          /** Address. */
          address: string | null;
          /** Postal code. */
          postal_code: string | null;
          /** Local chapter. */
          chapter: string | null;
          /** First day of membership. */
          member_since: string | null;
          /** Last day of membership; null: still a member. */
          member_until: string | null;
          /** What was paid, the last year first: [{"year", "paid_on", "amount"}], in øre. */
          dues: Json | null;
        };
        Relationships: [];
      };
      /** Cases that wait for coordinators of the reader's organisations, open or proposed, by how long ago they were opened. */
      open_case_ages: {
        Row: {
          /** Whose cases (slug). */
          organization: string;
          /** day: opened within the last day; week: within seven days, but before; month: 30 days; quarter: 90 days; longer: earlier. */
          age: string | null;
          /** How many. */
          cases: number;
        };
        Relationships: [];
      };
      /** Open and proposed cases of the coordinator's organisations. Numbers are masked. */
      open_conflicts: {
        Row: {
          /** The case; api.resolve_conflict takes it. */
          id: string;
          /** Whose coordinators see it (slug). */
          organization: string;
          /** What is to be judged. */
          kind: Enum<'conflict_kind'>;
          /** open; or proposed: a decision waits for a second coordinator (api.approvals). */
          state: Enum<'conflict_state'>;
          /** What resolve_conflict wants as expected_version: it rises with every change that a coordinator must have seen. */
          version: number;
          /** When it was opened. */
          opened_at: string;
          /** How many times the same disagreement was seen. */
          seen: number;
          /** When it was last seen. */
          last_seen_at: string;
          /** The member concerned, where one is certain. */
          member_id: string | null;
          /** That member's number in the member system. */
          member_external_id: string | null;
          /** Given name on the record. */
          member_given_name: string | null;
          /** Family name on the record. */
          member_family_name: string | null;
          /** Birth date on the record. */
          member_birth_date: string | null;
          /** E-mail address on the record. */
          member_email: string | null;
          /** Phone on the record. */
          member_phone: string | null;
          /** Number on the record, masked. */
          recorded_personnummer: string | null;
          /** The other member who already has the number. */
          other_member_id: string | null;
          /** That member's number in the member system. */
          other_member_external_id: string | null;
          /** Given name on that record. */
          other_member_given_name: string | null;
          /** Family name on that record. */
          other_member_family_name: string | null;
          /** The members it might be, where none is certain. */
          candidates: string[];
          /** The login that first showed it. */
          observation_id: string | null;
          /** What the person logged in with. */
          provider: Enum<'provider'> | null;
          /** Number that the login or the import brought, masked. */
          observed_personnummer: string | null;
          /** Given name that the login brought. */
          observed_given_name: string | null;
          /** Family name that the login brought. */
          observed_family_name: string | null;
          /** Birth date that the login brought. */
          observed_birth_date: string | null;
          /** E-mail address that the login brought. */
          observed_email: string | null;
          /** Whether the provider has verified it. */
          observed_email_verified: boolean | null;
          /** Phone that the login brought. */
          observed_phone: string | null;
          /** Whether the provider has verified it. */
          observed_phone_verified: boolean | null;
          /** When the person authenticated. */
          authenticated_at: string | null;
          /** The push that failed. */
          push_id: string | null;
          /** What agreed and what disagreed; never a number. */
          detail: Evidence;
          /** How many changes of records wait for the case before they are sent to the member system. */
          waiting_changes: number | null;
          /** Which decisions can be made of it, in the order in which they are offered. */
          decisions: string[] | null;
          /** Which of them a second coordinator must approve; link_login among them where that is so of linking the login of this case by hand. */
          need_approval: string[] | null;
          /** Cases of one kind and class may be settled together (api.resolve_conflicts). To be compared, not to be shown. */
          class: string;
          /** Who looks after it (user id). */
          assigned_to: string | null;
          /** Who looks after it, for people. */
          assigned_name: string | null;
          /** When that ends, unless they do something about it before. */
          assigned_until: string | null;
          /** The day on which it comes back; null: it is not postponed. */
          postponed_until: string | null;
          /** How many comments it has (api.conflict_comments). */
          comments: number | null;
          /** The decision that waits for a second coordinator. */
          proposed_decision: Enum<'decision'> | null;
          /** Who proposed it (user id). */
          proposed_by: string | null;
          /** Who proposed it, for people. */
          proposed_by_name: string | null;
          /** When. */
          proposed_at: string | null;
          /** The note of the one who proposed it. */
          proposal_note: string | null;
        };
        Relationships: [];
      };
      /** Settled cases of the coordinator's organisations. Numbers are masked. */
      settled_conflicts: {
        Row: {
          /** The case; api.undo_resolution takes it. */
          id: string;
          /** Whose coordinators see it (slug). */
          organization: string;
          /** What was to be judged. */
          kind: Enum<'conflict_kind'>;
          /** What was decided. */
          decision: Enum<'decision'> | null;
          /** Who decided (user id). */
          decided_by: string | null;
          /** When it was decided. */
          settled_at: string | null;
          /** The coordinator's note. */
          note: string | null;
          /** Until when it can be taken back, as long as nothing newer stands on it; null: there is nothing to take back, or it is too late. */
          undo_until: string | null;
          /** Who had proposed it (user id), where it needed a second coordinator's approval. */
          proposed_by: string | null;
          /** Rises with every change of the case. */
          version: number;
          /** The member concerned, where one was certain. */
          member_id: string | null;
          /** That member's number in the member system. */
          member_external_id: string | null;
          /** Given name on the record now. */
          member_given_name: string | null;
          /** Family name on the record now. */
          member_family_name: string | null;
          /** Number on the record now, masked. */
          recorded_personnummer: string | null;
          /** The other member, who had the number. */
          other_member_id: string | null;
          /** That member's number in the member system. */
          other_member_external_id: string | null;
          /** The members it might have been. */
          candidates: string[];
          /** The login that first showed it. */
          observation_id: string | null;
          /** What the person logged in with. */
          provider: Enum<'provider'> | null;
          /** Number that the login or the import brought, masked. */
          observed_personnummer: string | null;
          /** Given name that the login brought. */
          observed_given_name: string | null;
          /** Family name that the login brought. */
          observed_family_name: string | null;
          /** The push that failed. */
          push_id: string | null;
          /** When the case was opened. */
          opened_at: string;
          /** What agreed and what disagreed; never a number. */
          detail: Evidence;
        };
        Relationships: [];
      };
      /** Files of the coordinator's organisations: those that can be fetched (ready), and what became of the others. */
      sync_files: {
        Row: {
          /** The file; api.fetch_sync_file and api.acknowledge_sync_file take it. */
          file_id: string;
          /** Whose members (slug). */
          organization: string;
          /** ready: to be fetched; acknowledged; expired: its changes went into a later file. */
          state: Enum<'file_state'>;
          /** How many changes it holds. */
          changes: number;
          /** When it was begun. */
          created_at: string;
          /** When it could be fetched. */
          ready_at: string | null;
          /** When it expires, if nobody acknowledges it. */
          accept_until: string | null;
          /** When the receiver confirmed it. */
          acknowledged_at: string | null;
        };
        Relationships: [];
      };
      /** Logins in the coordinator's organisations that matched no member with certainty. */
      unlinked_logins: {
        Row: {
          /** The login; api.link_login takes it. */
          observation_id: string;
          /** Where the person logged in (slug). */
          organization: string;
          /** What the person logged in with. */
          provider: Enum<'provider'>;
          /** unlinked: nobody matches; ambiguous: several do; name_mismatch: one does, under another name. */
          outcome: Enum<'outcome'>;
          /** When it was recorded. */
          received_at: string;
          /** Given name that the login brought. */
          given_name: string | null;
          /** Family name that the login brought. */
          family_name: string | null;
          /** Birth date that the login brought. */
          birth_date: string | null;
          /** The number that the login brought, masked. */
          personnummer_masked: string | null;
          /** By what it was compared, what agreed and what disagreed. */
          explanation: Evidence;
          /** Whether linking it is only proposed, and a second coordinator must approve. */
          needs_approval: boolean | null;
        };
        Relationships: [];
      };
      /** Changes of the coordinator's organisations that a person carries out: whether the number is to be set or removed, for whom, and whether it is ready to be fetched (a removal: to be carried out). */
      worklist: {
        Row: {
          /** The change; api.fetch_number and api.mark_done take it. */
          push_id: string;
          /** Whose member system (slug). */
          organization: string;
          /** The member concerned. */
          member_id: string;
          /** The member's number in the member system. */
          member_external_id: string | null;
          /** Given name on the record. */
          given_name: string | null;
          /** Family name on the record. */
          family_name: string | null;
          /** set: type the number in; remove: take it away. */
          change: string | null;
          /** The number to be set, masked; null: it is to be removed. */
          personnummer_masked: string | null;
          /** Whether the number can be fetched now, or the removal carried out. */
          ready: boolean | null;
          /** When the change was made. */
          waiting_since: string;
          /** The case that is to be settled before the change is carried out. */
          waits_for_conflict_id: string | null;
        };
        Relationships: [];
      };
    };
    Functions: {
      /** In: a file of api.sync_files that is ready, the external ids of members it could not be carried out for. Out: how many changes were delivered and how many refused (each a case), or a refusal with code and message (HTTP 404, 409). */
      acknowledge_sync_file: {
        Args: { file_id: string; refused_external_ids?: string[] };
        Returns: AcknowledgedFile;
      };
      /** In: a case, a comment of at most 4000 characters, never with a number. Out: the comment's id and time, or a refusal with code and message (HTTP 404, 409, 422). */
      add_comment: {
        Args: { conflict_id: string; text: string };
        Returns: WrittenComment;
      };
      /** In: a case of api.approvals that another coordinator proposed a decision for, its version. Out: the settled case, or a refusal with code and message (HTTP 404, 409). */
      approve: {
        Args: { conflict_id: string; expected_version: number };
        Returns: SettledCase;
      };
      /** In: an open case; who is to look after it (user id of a coordinator; null: nobody). Out: the case and who has it, or a refusal with code and message (HTTP 404, 409); where a colleague has it, the refusal names them. Ends after 7 days without action. */
      assign_conflict: {
        Args: { conflict_id: string; user_id: string | null };
        Returns: AssignedCase;
      };
      /** In: an invoice of api.invoices that is neither issued nor being issued, why (1 to 500 characters). Out: {"invoice_id"}; or a refusal with code and message (HTTP 404, 409, 422). */
      cancel_invoice: {
        Args: { invoice_id: string; reason: string };
        Returns: NamedInvoice;
      };
      /** In: a snapshot, the year of the numbers, numbers of counties or of municipalities. Out: {"counted", "verified", "municipalities", "rows", "without_municipality"}, or a refusal with code and message (HTTP 404, 422). */
      count_grant_area: {
        Args: { snapshot_id: string; area_year: number; counties?: string[] | null; municipalities?: string[] | null };
        Returns: GrantArea;
      };
      /** In: a case of api.approvals that another coordinator proposed a decision for, why not, its version. Out: the case, open again, or a refusal with code and message (HTTP 404, 409, 422). */
      decline: {
        Args: { conflict_id: string; note: string | null; expected_version: number };
        Returns: SettledCase;
      };
      /** In: a member of api.members, why, in words that do not tell who, the version that was seen. Out: {"member_id", "erasure_id", "state": "announced"}: the worker erases the person, and every record merged with this one, within seconds (api.erasures); or the proposed case, where a second coordinator must approve; or a refusal with code and message (HTTP 404, 409, 422). */
      erase_member: {
        Args: { member_id: string; reason: string; expected_version: number };
        Returns: AnnouncedErasure | ProposedErasure;
      };
      /** In: a member. Out: everything stored about that person: {"organization", "member_id", "member_external_id", "exported_at", "tables": {table: [rows]}, "left_out": {table: [columns], or "*"}}; or a refusal with code and message (HTTP 404). Numbers are masked; npm run member:export can seal them for whoever asks. Look through it before it is handed out: coordinators' notes may speak of others. */
      export_member: {
        Args: { member_id: string };
        Returns: ExportedMember;
      };
      /** In: an erasure of api.erasures. Out: {"erasure_id", "receipt"}: a compact JWS whose payload lists what was erased; it is given out once. Or a refusal with code and message (HTTP 404, 409). */
      fetch_erasure_receipt: {
        Args: { erasure_id: string };
        Returns: ErasureReceipt;
      };
      /** In: a change of api.worklist. Out: the number as a compact JWE for the organisation's receiver_key, or a refusal with code and message (HTTP 404, 409). Every call is audited; after the fifth within an hour they are counted. */
      fetch_number: {
        Args: { push_id: string };
        Returns: SealedNumber;
      };
      /** In: a file of api.sync_files that is ready. Out: the CSV (external_id,personnummer; an empty number is to be removed) as a compact JWE for the organisation's receiver_key, or a refusal with code and message (HTTP 404, 409). Every call is audited; after the fifth within an hour they are counted. */
      fetch_sync_file: {
        Args: { file_id: string };
        Returns: SealedFile;
      };
      /** In: words of a name (each from its beginning), a birth date (2.1.1980, 1980-01-02), a phone, an e-mail address or a member number; words and a birth date may be combined; at most how many (1 to 50). Out: {"members": [as in api.members, by name], "more": whether there are others}; or a refusal with code and message (HTTP 422). Never searches by personnummer. */
      find_members: {
        Args: { query: string; limit?: number };
        Returns: FoundMembers;
      };
      /** In: a snapshot; counted, not_counted, duplicates (probably one person) or places (municipality not known); the last row that is known; 1 to 1000. Out: {"rows": [...]}, without any personnummer; or a refusal with code and message (HTTP 404, 422). */
      grant_list: {
        Args: { snapshot_id: string; what: string; after?: number; most?: number };
        Returns: GrantList;
      };
      /** In: a snapshot. Out: what was counted, rule, division, figures by county, municipality, birth year, chapter and reason, and the digest; or a refusal with code and message (HTTP 404). No persons. */
      grant_report: {
        Args: { snapshot_id: string };
        Returns: GrantReport;
      };
      /** In: a snapshot, 1 to 1000, a word. Out: {"rows": [...]}: always the same for the same three; or a refusal with code and message (HTTP 404, 422). */
      grant_sample: {
        Args: { snapshot_id: string; size: number; seed?: string };
        Returns: GrantList;
      };
      /** In: a login that matched nobody with certainty (api.unlinked_logins), the member it belongs to, a note, the version of the open case about that login as the coordinator saw it (null: it was not decided on the page of a case). Out: the link, or a refusal with code and message (HTTP 404, 409, 422). */
      link_login: {
        Args: { observation_id: string; member_id: string; note?: string | null; expected_version?: number };
        Returns: LinkedLogin | ProposedLink;
      };
      /** In: a login of api.unlinked_logins. Out: an array of the members that it might belong to, the likeliest first, each with what agreed and what disagreed; verified false: only an unverified phone or e-mail points there. Or a refusal with code and message (HTTP 404, 409). */
      login_suggestions: {
        Args: { observation_id: string };
        Returns: Suggestion[];
      };
      /** In: organisation (slug), base year, rule (api.grant_rules), the frozen snapshot that is corrected (null: none). Out: {"snapshot_id", "state": "asked", "base_year", "rule_code"}: a worker counts it (api.grant_snapshots.state), and a draft of the same year and rule gives way then; or a refusal with code and message (HTTP 404, 409, 422). */
      make_grant_snapshot: {
        Args: { organization: string; base_year: number; rule: string; corrects?: string | null };
        Returns: AskedCount;
      };
      /** In: a change of api.worklist. Out: the delivered push, or a refusal with code and message (HTTP 404, 409: it was done already, or the record has changed since). */
      mark_done: {
        Args: { push_id: string };
        Returns: DeliveredPush;
      };
      /** In: an open case; the day on which it is to come back (from tomorrow, within a year; null: it is no longer postponed); a note, which becomes a comment. Out: the case, or a refusal with code and message (HTTP 404, 409, 422). */
      postpone_conflict: {
        Args: { conflict_id: string; until: string | null; note: string | null };
        Returns: PostponedCase;
      };
      /** In: a draft, a note (may be null), its version. Out: the case that waits for another coordinator (api.approve, api.decline, api.withdraw_proposal), or a refusal with code and message (HTTP 404, 409, 422). */
      propose_grant_freeze: {
        Args: { snapshot_id: string; note: string | null; expected_version: number };
        Returns: SettledCase;
      };
      /** In: an organisation (slug); a public JWK, X25519 or P-256. Out: a case of kind receiver_key, proposed, or settled where no second coordinator has to approve it; or a refusal with code and message (HTTP 404, 409, 422). The fingerprint (RFC 7638) is in its detail, and becomes the kid. */
      propose_receiver_key: {
        Args: { organization: string; public_jwk: Json };
        Returns: SettledCase;
      };
      /** In: case; one of its decisions (api.open_conflicts.decisions); a note; the version of the case that was decided on. Out: the settled case; where a second coordinator must approve, the proposed one; or a refusal with code and message (HTTP 404, 409, 422). */
      resolve_conflict: {
        Args: { conflict_id: string; decision: Decision; note: string | null; expected_version: number };
        Returns: SettledCase;
      };
      /** In: up to 200 cases of one kind and class (api.open_conflicts.class), a decision, a note, beside each case the version that was decided on. Out: an array with the answer for each, as api.resolve_conflict gives it, in the same order; or, for all, a refusal with code and message (HTTP 422). */
      resolve_conflicts: {
        Args: { conflict_ids: string[]; decision: Decision; note: string | null; expected_versions: number[] };
        Returns: (SettledCase | RefusedCase)[];
      };
      /** In: an invoice of api.invoices that is neither issued, nor being issued, nor cancelled. Out: {"invoice_id"}; or a refusal with code and message (HTTP 404, 409). */
      retry_invoice: {
        Args: { invoice_id: string };
        Returns: NamedInvoice;
      };
      /** In: a push of api.failed_syncs, or several, or the error_code that a thousand at most of them share, or an open case about a push or a drift. Out: for one, the push that is queued now; else how many were queued and how many were not; or a refusal with code and message (HTTP 404, 409, 422). */
      retry_sync: {
        Args: { push_id?: string; push_ids?: string[]; error_code?: string; conflict_id?: string };
        Returns: QueuedPush | QueuedPushes;
      };
      /** In: nb, nn, en, or null for what the browser asks. Out: the language, or a refusal with code and message (HTTP 404, 422). */
      set_language: {
        Args: { language: Enum<'language'> | null };
        Returns: ChosenLanguage;
      };
      /** In: a settled case, a note. Out: the case, open again, or a refusal with code and message (HTTP 404, 409, 422). */
      undo_resolution: {
        Args: { conflict_id: string; note: string | null };
        Returns: SettledCase;
      };
      /** With a member's own access token. Out: {"providers": those whose consent is withdrawn, "number": removed (the member system is told), kept (it has another legal basis) or none}; or a refusal with code and message (HTTP 404, 409). Changes that were not sent yet are stopped. */
      withdraw_my_consent: {
        Args: Record<PropertyKey, never>;
        Returns: WithdrawnConsent;
      };
      /** In: a case that the caller proposed a decision for, its version. Out: the case, open again, or a refusal with code and message (HTTP 404, 409). */
      withdraw_proposal: {
        Args: { conflict_id: string; expected_version: number };
        Returns: SettledCase;
      };
    };
    Enums: {
      /** Whether pushes go to a member system: all of them, none, or one to find out. */
      breaker_state: 'closed' | 'open' | 'half_open';
      /** What a coordinator is asked to judge. */
      conflict_kind:
        | 'mismatch'
        | 'duplicate'
        | 'ambiguous'
        | 'name_mismatch'
        | 'inconsistent'
        | 'subject_moved'
        | 'consent_revoked'
        | 'push_failed'
        | 'member_system'
        | 'drift'
        | 'receiver_key'
        | 'erasure'
        | 'grant_snapshot';
      /** Life of a case. Open and proposed ones wait for coordinators: they are not closed (closed_at is null). */
      conflict_state: 'open' | 'proposed' | 'resolved' | 'superseded';
      /** Where a member stands on the storing of the number. */
      consent_state: 'given' | 'refused' | 'withdrawn';
      /** How a coordinator settled a case. docs/for-coordinators.md says what each does. */
      decision:
        | 'accept_observed'
        | 'keep_existing'
        | 'not_same_person'
        | 'merge_into'
        | 'link_login'
        | 'retry_sync'
        | 'accept_receiver_key'
        | 'erase_member'
        | 'freeze_snapshot';
      /** What figures are told apart by. */
      dimension: 'county' | 'municipality' | 'birth_year' | 'chapter' | 'reason' | 'place_problem';
      /** Life of an erasure. Announced: it is decided, and will be written into the ledger outside the database before anything is erased. */
      erasure_state: 'announced' | 'erased';
      /** Life of a file of changes. */
      file_state: 'writing' | 'ready' | 'acknowledged' | 'expired';
      /** Who gives a grant. */
      grant_level: 'national' | 'county';
      /** Life of an invoice. docs/invoices.md draws it. */
      invoice_state:
        | 'pending'
        | 'issuing'
        | 'issued'
        | 'no_consent'
        | 'ambiguous'
        | 'not_enough_data'
        | 'rejected'
        | 'given_up'
        | 'cancelled';
      /** Languages of the coordinators' pages: bokmål, nynorsk, English. */
      language: 'nb' | 'nn' | 'en';
      /** How an organisation's member system is reached. */
      member_system_kind: 'http' | 'file' | 'worklist';
      /** What became of one verified login. docs/outcomes.md explains each. */
      outcome:
        | 'filled'
        | 'confirmed'
        | 'conflict'
        | 'duplicate'
        | 'absent'
        | 'unlinked'
        | 'ambiguous'
        | 'name_mismatch'
        | 'deferred'
        | 'proposed';
      /** Identity providers: three that hand over a verified personnummer of members, and that of an organisation's own staff, its coordinators. */
      provider: 'vipps' | 'bankid' | 'idporten' | 'staff';
      /** Life of a push. docs/outcomes.md draws it. */
      push_state: 'pending' | 'sending' | 'delivered' | 'rejected' | 'given_up' | 'superseded' | 'cancelled';
      /** Whether the member system has removed the number that it was sent. */
      removal_state: 'not_needed' | 'queued' | 'delivered';
      /** Life of a snapshot. What is asked for is counted by a worker, or failed: then somebody asks again. A draft is made anew as often as one likes; a frozen one never changes. */
      snapshot_state: 'asked' | 'failed' | 'draft' | 'frozen';
      /** Where a value or an event came from. */
      source: 'vipps-login' | 'bankid-login' | 'idporten-login' | 'import' | 'coordinator';
    };
    CompositeTypes: { [_ in never]: never };
  };
};
