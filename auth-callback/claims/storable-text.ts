import { scrubText } from '../../runtime/scrub.ts';

/**
 * A text claim as the database can keep it, in clear.
 *
 * @returns undefined for anything but a non-empty string, for strings with NUL or a lone surrogate, which PostgreSQL's
 *   UTF-8 cannot hold, and for strings with what looks like a personnummer in them, which must not be kept like that
 */
export function storableText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  if (value.includes('\0') || !value.isWellFormed()) return undefined;
  return scrubText(value) === value ? value : undefined;
}
