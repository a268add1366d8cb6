import { passesForPersonnummer } from '../../personnummer/validate.ts';
import { elevenDigitsIn } from '../../runtime/scrub.ts';

/**
 * A text claim as the database can keep it, in clear.
 *
 * @returns undefined for anything but a non-empty string, for strings with NUL or a lone surrogate, which PostgreSQL's
 *   UTF-8 cannot hold, and for strings that hold somebody's number, which must not be kept like that. Eleven digits that are nobody's
 *   may be a subject or an address like any other.
 */
export function storableText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  if (value.includes('\0') || !value.isWellFormed()) return undefined;
  // NFKC: digits of other widths and scripts' compatibility forms are read as the digits they stand for.
  return elevenDigitsIn(value.normalize('NFKC')).some(passesForPersonnummer) ? undefined : value;
}
