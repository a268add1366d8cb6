/** Why a file is not taken in. Rows that cannot be taken do not stop it. */
export type ImportErrorCode =
  | 'file_unreadable'
  | 'file_not_text'
  | 'encoding_unclear'
  | 'file_changed'
  | 'header_unusable'
  | 'mapping_invalid'
  | 'quote_unclear'
  | 'row_too_long'
  | 'list_not_ours'
  | 'list_not_writable'
  | 'file_looks_different'
  | 'organization_unknown'
  | 'issuer_missing'
  | 'import_superseded'
  | 'rows_refused'
  | 'database_refused'
  | 'database_failed';

/** Carries a code and a sentence for the person at the terminal; never a value of a row. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
  readonly code: ImportErrorCode;

  constructor(code: ImportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
