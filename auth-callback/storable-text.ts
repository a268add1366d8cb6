/**
 * A text claim as the database can keep it.
 *
 * @returns undefined for anything but a non-empty string, and for strings with NUL or a lone surrogate, which
 *   PostgreSQL's UTF-8 cannot hold
 */
export function storableText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return value.includes('\0') || !value.isWellFormed() ? undefined : value;
}
