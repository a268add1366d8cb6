import { idnr } from '@navikt/fnrvalidator';

/** What the marks in a well-formed number say it is. `other` is a hospital's H-number (month + 40) and the like. */
export type NumberClass = {
  kind: 'personnummer' | 'd-number' | 'other';
  synthetic: boolean;
};

const classes: Record<string, NumberClass> = {
  fnr: { kind: 'personnummer', synthetic: false },
  dnr: { kind: 'd-number', synthetic: false },
  tnr: { kind: 'personnummer', synthetic: true },
  'dnr-and-tnr': { kind: 'd-number', synthetic: true },
  hnr: { kind: 'other', synthetic: false },
  'dnr-and-hnr': { kind: 'other', synthetic: false },
};

/**
 * The one place that knows the rule of the control digits. It is the relaxed rule of 2032 (remainder 0 to 3 of the first
 * control digit), which contains today's; Skatteetaten, "Nytt fødselsnummer fra 2032". Gender and century are not read
 * from the number, because the new series carries neither; a date in the future is therefore not told from one in 19xx.
 *
 * @returns undefined where the text is not eleven ASCII digits with a calendar date and right control digits
 */
export function classify(text: string): NumberClass | undefined {
  // The validator throws on what is not a string and derives a type for nonsense, so the shape is checked first.
  if (!/^[0-9]{11}$/.test(text)) return undefined;
  const judged = idnr(text);
  return judged.status === 'valid' ? classes[judged.type] : undefined;
}
