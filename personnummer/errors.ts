/** What can go wrong with a number, a sealed value or a key. The codes are stable; callers may switch on them. */
export type PersonnummerErrorCode =
  | 'personnummer_malformed'
  | 'sealing_key_unknown'
  | 'sealed_value_broken'
  | 'key_unusable'
  | 'organization_missing';

const sentences: Record<PersonnummerErrorCode, string> = {
  personnummer_malformed: 'the text is not a personnummer',
  sealing_key_unknown: 'the sealed value names a key that is not among the private keys',
  sealed_value_broken: 'the sealed value cannot be opened',
  key_unusable: 'a key is missing or cannot be used',
  organization_missing: 'an index belongs to one organisation, and none was named',
};

/** Carries a code and a fixed sentence. It has no `cause`: what failed underneath may quote its input. */
export class PersonnummerError extends Error {
  override readonly name = 'PersonnummerError';
  readonly code: PersonnummerErrorCode;

  /** @param reason a fixed word for the operator (an error code of the library, a position); never part of a value */
  constructor(code: PersonnummerErrorCode, reason?: string) {
    super(reason === undefined ? sentences[code] : `${sentences[code]} (${reason})`);
    this.code = code;
  }
}
