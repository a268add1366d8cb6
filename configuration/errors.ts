/** Why a configuration was not carried out. */
export type ConfigureErrorCode =
  | 'file_unreadable'
  | 'file_invalid'
  | 'not_confirmed'
  | 'changed_meanwhile'
  | 'database_refused'
  | 'database_failed';

/** Carries a code and sentences for the person at the terminal. */
export class ConfigureError extends Error {
  override readonly name = 'ConfigureError';
  readonly code: ConfigureErrorCode;

  constructor(code: ConfigureErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
