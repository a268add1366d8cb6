import { classify } from './classify.ts';
import { Personnummer } from './personnummer.ts';

type AbsentReason = 'not_given' | 'malformed' | 'not_accepted';

export type PersonnummerReading =
  | { status: 'valid'; personnummer: Personnummer; kind: 'personnummer' | 'd-number'; synthetic: boolean }
  | { status: 'refused'; absentReason: AbsentReason };

/**
 * Judges a claim as it came from an identity provider. Never throws, and nothing it returns prints the claim.
 *
 * @param claim the value of the claim, of whatever type; no white space is forgiven, and a JSON number is malformed
 *   because it has lost its leading zero
 * @param rules `synthetic: true` accepts synthetic numbers (month + 80) and no others; false accepts no synthetic ones
 * @returns the number, or why it is as good as absent: `not_given` (undefined or null), `malformed` (not eleven ASCII
 *   digits with a calendar date and right control digits; the kinds that NAV, NHN and the health service make with marks
 *   of their own end here, their dates being none), `not_accepted` (well formed, but an H-number, or synthetic where
 *   real ones are expected, or the other way round)
 */
export function readPersonnummer(claim: unknown, rules: { synthetic: boolean }): PersonnummerReading {
  if (claim === undefined || claim === null) return refused('not_given');
  if (typeof claim !== 'string') return refused('malformed');
  const found = classify(claim);
  if (found === undefined) return refused('malformed');
  if (found.kind === 'other' || found.synthetic !== rules.synthetic) return refused('not_accepted');
  return { status: 'valid', personnummer: new Personnummer(claim), kind: found.kind, synthetic: found.synthetic };
}

/** Whether eleven digits are somebody's number of any kind, an H-number or a synthetic one included. */
export function passesForPersonnummer(digits: string): boolean {
  return classify(digits) !== undefined;
}

function refused(absentReason: AbsentReason): PersonnummerReading {
  return { status: 'refused', absentReason };
}
