/** Why a row is not imported. Stored and written to the file of rejected rows; docs/importing-members.md explains each. */
const rejectionReasons = [
  'wrong_number_of_fields',
  'external_id_missing',
  'external_id_unusable',
  'external_id_repeated',
  'given_name_unusable',
  'family_name_unusable',
  'birth_date_unusable',
  'email_unusable',
  'phone_unusable',
  'personnummer_malformed',
  'personnummer_not_accepted',
  'personnummer_in_another_column',
] as const;

export type RejectionReason = (typeof rejectionReasons)[number];

/**
 * A row that is not imported: where it is and why, and nothing of what it says but whose it is, so that a member whose row
 * is unusable is not taken for one that is missing. Null where nobody can say; never a personnummer.
 */
export type Rejection = { line: number; reasons: RejectionReason[]; external_id: string | null };
