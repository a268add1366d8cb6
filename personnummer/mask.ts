import type { Personnummer } from './personnummer.ts';

/**
 * The form people may see: six date digits and five stars, e.g. `018150*****`. A mark in the date (D-number, synthetic)
 * stays in it, so the six digits are not always a calendar date.
 */
export function maskPersonnummer(personnummer: Personnummer): string {
  return personnummer.masked();
}
