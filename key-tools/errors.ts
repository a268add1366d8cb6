/** Why a key was not turned over. */
export type KeyErrorCode =
  | 'rotation_under_way'
  | 'rotation_not_begun'
  | 'key_in_use_already'
  | 'too_early'
  | 'key_still_needed'
  | 'key_not_seen';

/** Carries a code and a sentence for the person at the terminal; never a key. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
  readonly code: KeyErrorCode;

  constructor(code: KeyErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
