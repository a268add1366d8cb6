/**
 * What the catalogs cannot say: what is inside the jsonb of schema `api`, and which texts its functions take. Written by
 * hand; `test/db/api-types.test.ts` holds it against real answers.
 */

/** A named object type, by field: its TypeScript type and what it means. */
export type DeclaredType = { comment: string; fields: Record<string, [type: string, comment: string]> };

export const TYPES: Record<string, DeclaredType> = {
  SettledCase: {
    comment: 'A case after a decision was made, proposed, approved, declined, withdrawn or undone.',
    fields: {
      conflict_id: ['string', 'The case.'],
      kind: ["Enum<'conflict_kind'>", 'What was to be judged.'],
      state: ["Enum<'conflict_state'>", '`resolved`; `open` again after an undo.'],
      decision: ["Enum<'decision'> | null", 'How it was settled; null when it is open again.'],
      version: ['number', 'The version to name in the next call.'],
      undo_until: ['string | null', 'Until when the decision can be undone (ISO 8601); null when there is none.'],
      proposed_decision: ["Enum<'decision'> | null", 'What waits for a second coordinator; null when nothing does.'],
    },
  },
  RefusedCase: {
    comment: 'A case that `resolve_conflicts` did not settle; the others of the same call are settled all the same.',
    fields: {
      conflict_id: ['string', 'The case.'],
      code: ['RefusalCode', 'Why not.'],
      message: ['string', 'The same as a sentence.'],
      details: ['null', 'Always null.'],
      hint: ['null', 'Always null.'],
    },
  },
  AssignedCase: {
    comment: 'A case after `assign_conflict`.',
    fields: {
      conflict_id: ['string', 'The case.'],
      kind: ["Enum<'conflict_kind'>", 'What is to be judged.'],
      state: ["Enum<'conflict_state'>", '`open` or `proposed`.'],
      decision: ['null', 'Always null.'],
      version: ['number', 'The version to name in the next call; it has not changed.'],
      undo_until: ['null', 'Always null.'],
      proposed_decision: ["Enum<'decision'> | null", 'What waits for a second coordinator; null when nothing does.'],
      assigned_to: ['string | null', 'Who looks after it (user id); null: nobody.'],
      assigned_name: ['string | null', 'The same for people.'],
      assigned_until: ['string | null', 'When that ends (ISO 8601), unless they do something about it before.'],
    },
  },
  PostponedCase: {
    comment: 'A case after `postpone_conflict`.',
    fields: {
      conflict_id: ['string', 'The case.'],
      kind: ["Enum<'conflict_kind'>", 'What is to be judged.'],
      state: ["'open'", 'Always open.'],
      decision: ['null', 'Always null.'],
      version: ['number', 'The version to name in the next call; it has not changed.'],
      undo_until: ['null', 'Always null.'],
      proposed_decision: ['null', 'Always null.'],
      postponed_until: ['string | null', 'The day on which it comes back (ISO 8601); null: it is not postponed.'],
    },
  },
  WrittenComment: {
    comment: 'A comment after `add_comment`.',
    fields: {
      conflict_id: ['string', 'The case.'],
      comment_id: ['string', 'The comment.'],
      written_at: ['string', 'When (ISO 8601).'],
    },
  },
  WithdrawnConsent: {
    comment: 'What became of `withdraw_my_consent`.',
    fields: {
      providers: ["Enum<'provider'>[]", 'The providers whose consent is withdrawn.'],
      number: [
        "'removed' | 'kept' | 'none'",
        'Removed, and the member system is told; kept, because it has another legal basis; or there was none.',
      ],
    },
  },
  ExportedMember: {
    comment: 'Everything stored about a person, after `export_member`.',
    fields: {
      organization: ['string', 'Whose member (slug).'],
      member_id: ['string', 'The member.'],
      member_external_id: ['string | null', "The member's number in the member system."],
      exported_at: ['string', 'When (ISO 8601).'],
      tables: ['Record<string, Json[]>', 'Rows by table; columns without a value are not there. Numbers are masked.'],
      left_out: ["Record<string, string[] | '*'>", 'Columns that are not handed out, by table; `*`: the whole table.'],
    },
  },
  FoundMember: {
    comment: 'A member that `find_members` found, as in `members`.',
    fields: {
      id: ['string', 'The member; `link_login` takes it.'],
      organization: ['string', 'Whose member (slug).'],
      external_id: ['string', "The member's number in the member system."],
      given_name: ['string | null', 'Given name.'],
      family_name: ['string | null', 'Family name.'],
      birth_date: ['string | null', 'Birth date (ISO 8601).'],
      email: ['string | null', 'E-mail address.'],
      phone: ['string | null', 'Phone, E.164.'],
      personnummer_masked: ['string | null', 'The recorded number, masked.'],
      merged_into: ['string | null', 'The record that this one was merged into.'],
    },
  },
  FoundMembers: {
    comment: 'What `find_members` found, ordered by name.',
    fields: {
      members: ['FoundMember[]', 'At most as many as were asked for.'],
      more: ['boolean', 'There are others: search for more than that.'],
    },
  },
  LinkedLogin: {
    comment: 'A login after `link_login`.',
    fields: {
      observation_id: ['string', 'The login.'],
      member_id: ['string', 'The member it belongs to now.'],
      linked: ['true', 'It is linked.'],
      conflict_id: [
        'string | null',
        'The case that the decision settled, for `undo_resolution`; null where it was settled before.',
      ],
    },
  },
  ProposedLink: {
    comment: 'A login after `link_login`, where a second coordinator must approve it.',
    fields: {
      observation_id: ['string', 'The login.'],
      member_id: ['string', 'The member it is to belong to.'],
      linked: ['false', 'Not yet.'],
      conflict_id: ['string', 'The case that says so, in `approvals`.'],
      kind: ["Enum<'conflict_kind'>", 'What is to be judged.'],
      state: ["'proposed'", 'Always proposed.'],
      decision: ['null', 'Always null.'],
      version: ['number', 'The version to name in the next call.'],
      undo_until: ['null', 'Always null.'],
      proposed_decision: ["'link_login'", 'Always link_login.'],
    },
  },
  Suggestion: {
    comment: 'A member that a login might belong to.',
    fields: {
      member_id: ['string', 'The member; `link_login` takes it.'],
      member_external_id: ['string', "The member's number in the member system."],
      given_name: ['string | null', 'Given name.'],
      family_name: ['string | null', 'Family name.'],
      birth_date: ['string | null', 'Birth date (ISO 8601).'],
      personnummer: ['string | null', 'The recorded number, masked.'],
      agreed: [
        'string[]',
        'Identifiers that agreed: personnummer, phone, email, name, birth_date, birth_date_of_number.',
      ],
      disagreed: ['string[]', 'Identifiers that disagreed. What is in neither could not be compared.'],
      verified: ['boolean', 'False: nothing but an unverified phone or e-mail address points at the member.'],
    },
  },
  QueuedPush: {
    comment: 'What is on its way after `retry_sync`.',
    fields: {
      push_id: ['string', 'The push that is queued now: a new one when the old one had failed for good.'],
      state: ["'pending'", 'Always pending.'],
    },
  },
  QueuedPushes: {
    comment: 'How many are on their way after `retry_sync` for several pushes, or for an error code.',
    fields: {
      queued: ['number', 'Pushes that are queued now.'],
      not_queued: ['number', 'Pushes that were refused one by one: not failed, or followed by a later one.'],
    },
  },
  DeliveredPush: {
    comment: 'A change of the worklist after `mark_done`.',
    fields: { push_id: ['string', 'The change.'], state: ["'delivered'", 'Always delivered.'] },
  },
  SealedNumber: {
    comment: 'A number of the worklist, readable with the private key of the organisation only.',
    fields: { push_id: ['string', 'The change.'], sealed: ['string', 'Compact JWE (RFC 7516) for `receiver_key`.'] },
  },
  SealedFile: {
    comment: 'A file of changes, readable with the private key of the organisation only.',
    fields: {
      file_id: ['string', 'The file.'],
      sealed: ['string', 'Compact JWE (RFC 7516) for `receiver_key`, of a CSV: external_id,personnummer.'],
      changes: ['number', 'Changes in it.'],
    },
  },
  NamedInvoice: {
    comment: 'An invoice after `cancel_invoice` or `retry_invoice`.',
    fields: { invoice_id: ['string', 'The invoice.'] },
  },
  AcknowledgedFile: {
    comment: 'A file after `acknowledge_sync_file`.',
    fields: {
      file_id: ['string', 'The file.'],
      delivered: ['number', 'Changes that were carried out.'],
      refused: ['number', 'Changes that were not; each is a case.'],
    },
  },
  ChosenLanguage: {
    comment: 'The language of the pages after `set_language`.',
    fields: { language: ["Enum<'language'> | null", 'What was chosen; null: as the browser asks.'] },
  },
  AnnouncedErasure: {
    comment: 'A person after `erase_member`: the worker erases what is known of them within seconds.',
    fields: {
      member_id: ['string', 'The record that was asked about.'],
      erasure_id: ['string', 'The erasure, in `erasures`; `fetch_erasure_receipt` takes it.'],
      state: ["'announced'", 'Always announced.'],
    },
  },
  ProposedErasure: {
    comment: 'A person after `erase_member`, where a second coordinator must approve it.',
    fields: {
      member_id: ['string', 'The record that was asked about.'],
      erasure_id: ['null', 'Not yet.'],
      conflict_id: ['string', 'The case that says so, in `approvals`.'],
      kind: ["'erasure'", 'Always erasure.'],
      state: ["'proposed'", 'Always proposed.'],
      decision: ['null', 'Always null.'],
      version: ['number', 'The version to name in the next call.'],
      undo_until: ['null', 'Always null.'],
      proposed_decision: ["'erase_member'", 'Always erase_member.'],
    },
  },
  ErasureReceipt: {
    comment: 'The receipt of an erasure, which is given out once.',
    fields: {
      erasure_id: ['string', 'The erasure.'],
      receipt: [
        'string',
        'Compact JWS (RFC 7515, EdDSA); its payload is JSON: what was erased, by table, and what is kept.',
      ],
    },
  },
  AskedCount: {
    comment: 'A count that a worker will do.',
    fields: {
      snapshot_id: ['string', 'The snapshot: `grant_snapshots` says how far it is.'],
      state: ["'asked'", 'It waits.'],
      base_year: ['number', 'The year whose members and payments count.'],
      rule_code: ['string', 'The rule.'],
    },
  },
  GrantFigure: {
    comment: 'A figure of a report.',
    fields: {
      dimension: ["Enum<'dimension'>", 'What is told apart.'],
      key: ['string', 'Number of the place in the division of the base year, year, chapter or code; empty: not known.'],
      name: ['string | null', 'Name of the place in that year.'],
      counted: ['number', 'How many count; for a reason: how many records do not.'],
      verified: ['number', 'How many of them have a verified number.'],
    },
  },
  GrantReport: {
    comment: 'What was counted for a grant, without persons.',
    fields: {
      snapshot_id: ['string', 'The snapshot.'],
      organization: ['string', 'Whose members (slug).'],
      organization_name: ['string', 'The organisation, for people.'],
      base_year: ['number', 'The year whose members and payments count.'],
      application_year: ['number', 'The year in which is applied.'],
      grant_year: ['number', 'The year that the grant is for.'],
      rule: ['GrantRule', 'The rule as it was.'],
      counted_on: ['string', 'The day on which is counted (ISO 8601).'],
      state: ["Enum<'snapshot_state'>", 'Draft or frozen.'],
      version: ['number', 'What `propose_grant_freeze` wants.'],
      corrects: ['string | null', 'The frozen snapshot that this one corrects.'],
      made_at: ['string', 'When it was counted (ISO 8601).'],
      imported_at: ['string | null', 'End of the last import before.'],
      frozen_at: ['string | null', 'When it was frozen.'],
      division: ['string', 'Source of the municipalities of that year.'],
      counting_digest: ['string', 'SHA-256 of the program that counted.'],
      records: ['number', 'Member records that were looked at.'],
      counted: ['number', 'Persons who count.'],
      verified: ['number', 'How many of them have a verified number.'],
      counties: ['number', 'From how many counties.'],
      municipalities: ['number', 'From how many municipalities.'],
      probable_duplicates: ['number', 'Counted persons who are probably one with another.'],
      open_cases: ['Record<string, number>', 'Cases that were open, by kind.'],
      meets: ['boolean | null', 'Whether the figures reach what the grant asks for.'],
      digest: ['string', 'SHA-256 over all that was counted.'],
      figures: ['GrantFigure[] | null', 'The figures; null: nobody was there.'],
    },
  },
  GrantRule: {
    comment: 'The rule of a grant, as a snapshot keeps it.',
    fields: {
      code: ['string', 'Short name.'],
      title: ['string', 'Name for people.'],
      document: ['string', 'Where it is written, and what is not confirmed.'],
      min_fee: ['number', 'Smallest fee that counts, in øre.'],
      required_members: ['number | null', 'How many members are asked for.'],
      required_municipalities: ['number | null', 'From how many municipalities.'],
      required_counties: ['number | null', 'From how many counties.'],
      one_suffices: ['boolean', 'Whether one of these is enough.'],
    },
  },
  GrantPerson: {
    comment: 'A line of a list. Never a personnummer.',
    fields: {
      nth: ['number', 'Number of the line in the snapshot.'],
      name: ['string | null', 'Name; null: erased, or none.'],
      address: ['string | null', 'Address and postal code.'],
      county_name: ['string | null', 'County.'],
      'municipality_name?': ['string | null', 'Municipality.'],
      birth_year: ['number | null', 'Year of birth.'],
      paid_on: ['string | null', 'When the dues were paid (ISO 8601).'],
      amount: ['number | null', 'Sum in øre.'],
      'reason?': ['string | null', 'Why the record is not counted.'],
      'place_problem?': ['string | null', 'Why the municipality is not known.'],
      'probable_group?': ['number | null', 'Persons with the same number here are probably one.'],
      erased: ['boolean', 'The person was erased; the figures still count them.'],
    },
  },
  GrantList: {
    comment: 'Lines of a list, in their order.',
    fields: { rows: ['GrantPerson[]', 'The lines.'] },
  },
  GrantArea: {
    comment: 'How many of the counted live in an area.',
    fields: {
      snapshot_id: ['string', 'The snapshot.'],
      base_year: ['number', 'Its year.'],
      counted: ['number', 'How many.'],
      verified: ['number', 'How many of them have a verified number.'],
      municipalities: ['number', 'From how many municipalities.'],
      rows: [
        '{ municipality: string; name: string; counted: number; verified: number }[]',
        'The same by municipality of the base year.',
      ],
      without_municipality: ['number', 'How many of the whole snapshot live nobody knows where.'],
    },
  },
  Evidence: {
    comment: 'What agreed and what disagreed between a login and a record, and how two numbers differ. Never a number.',
    fields: {
      'match_rule?': ['string', 'The match rule that held (docs/outcomes.md); absent when none did.'],
      'candidates?': ['number', 'How many members anything of the login pointed at.'],
      'agreed?': [
        'string[]',
        'Identifiers that agreed: personnummer, phone, email, name, birth_date, birth_date_of_number.',
      ],
      'disagreed?': ['string[]', 'Identifiers that disagreed.'],
      'same_birth_date?': ['boolean', 'Mismatch: both numbers show the same birth date.'],
      'd_number_to_personnummer?': [
        'boolean',
        'Mismatch: the record has a D-number, the login brought a personnummer.',
      ],
      'recorded_synthetic?': ['boolean', 'Mismatch: the number of the record is a synthetic one.'],
      'observed_synthetic?': ['boolean', 'Mismatch: the number of the login is a synthetic one.'],
      'older_than_record?': ['boolean', 'Mismatch: the number of the record was written after this login.'],
      'provider?': ["Enum<'provider'>", 'Withdrawn consent: the provider that it is about.'],
      'verified?': [
        'boolean',
        'Withdrawn consent: true when the member withdrew it in the app, false for a message of the provider.',
      ],
      'import_run_id?': ['string', 'Case of an import: the run.'],
      'line?': ['number', 'Case of an import: the line of the file.'],
      'personnummer?': ['string', 'Case of an import: the number that it brought, masked.'],
      'error_code?': ['string', 'Failed push or member system: what went wrong (docs/error-codes.md).'],
      'http_status?': ['number', 'Failed push or member system: status of the last answer.'],
      'fingerprint?': ['string', 'Proposed key: its thumbprint (RFC 7638), to be compared.'],
      'replaces?': ['string', 'Proposed key: the thumbprint of the one in force.'],
      'public_jwk?': ['Json', 'Proposed key: the key.'],
      'attempts?': ['number', 'Failed push: attempts that were begun.'],
      'snapshot_id?': ['string', 'Freezing: the snapshot.'],
      'base_year?': ['number', 'Freezing: its base year.'],
      'rule?': ['string', 'Freezing: its rule.'],
      'counted?': ['number', 'Freezing: how many count.'],
      'digest?': ['string', 'Freezing: digest of the figures.'],
    },
  },
};

/** What each function answers. */
export const REPLIES: Record<string, string> = {
  acknowledge_sync_file: 'AcknowledgedFile',
  add_comment: 'WrittenComment',
  approve: 'SettledCase',
  count_grant_area: 'GrantArea',
  grant_list: 'GrantList',
  grant_report: 'GrantReport',
  grant_sample: 'GrantList',
  make_grant_snapshot: 'AskedCount',
  propose_grant_freeze: 'SettledCase',
  assign_conflict: 'AssignedCase',
  cancel_invoice: 'NamedInvoice',
  decline: 'SettledCase',
  erase_member: 'AnnouncedErasure | ProposedErasure',
  fetch_erasure_receipt: 'ErasureReceipt',
  fetch_number: 'SealedNumber',
  fetch_sync_file: 'SealedFile',
  export_member: 'ExportedMember',
  find_members: 'FoundMembers',
  link_login: 'LinkedLogin | ProposedLink',
  login_suggestions: 'Suggestion[]',
  mark_done: 'DeliveredPush',
  postpone_conflict: 'PostponedCase',
  propose_receiver_key: 'SettledCase',
  resolve_conflict: 'SettledCase',
  resolve_conflicts: '(SettledCase | RefusedCase)[]',
  retry_invoice: 'NamedInvoice',
  retry_sync: 'QueuedPush | QueuedPushes',
  set_language: 'ChosenLanguage',
  undo_resolution: 'SettledCase',
  withdraw_my_consent: 'WithdrawnConsent',
  withdraw_proposal: 'SettledCase',
};

/** Arguments that take less, or more, than their SQL type says. Key: function.argument. */
export const ARGUMENTS: Record<string, string> = {
  'assign_conflict.user_id': 'string | null',
  'decline.note': 'string | null',
  'propose_grant_freeze.note': 'string | null',
  'make_grant_snapshot.corrects': 'string | null',
  'count_grant_area.counties': 'string[] | null',
  'count_grant_area.municipalities': 'string[] | null',
  'link_login.note': 'string | null',
  'postpone_conflict.note': 'string | null',
  'postpone_conflict.until': 'string | null',
  'resolve_conflict.decision': 'Decision',
  'resolve_conflict.note': 'string | null',
  'resolve_conflicts.decision': 'Decision',
  'resolve_conflicts.note': 'string | null',
  'set_language.language': "Enum<'language'> | null",
  'undo_resolution.note': 'string | null',
};

/** Columns with more to say than `Json`. Key: view.column. */
export const COLUMNS: Record<string, string> = {
  'grant_snapshots.open_cases': 'Record<string, number>',
  'erasures.counts': 'Record<string, number>',
  'data_quality.open_cases_by_kind': "Partial<Record<Enum<'conflict_kind'>, number>>",
  'open_conflicts.detail': 'Evidence',
  'open_conflicts.kind': "Enum<'conflict_kind'>",
  'settled_conflicts.detail': 'Evidence',
  'settled_conflicts.kind': "Enum<'conflict_kind'>",
  'unlinked_logins.explanation': 'Evidence',
};
