/** Weights of the two control digits (Folkeregisterforskriften section 2-2; rule in force until 2032). */
const FIRST_WEIGHTS = [3, 7, 6, 1, 8, 9, 4, 5, 2];
const SECOND_WEIGHTS = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];

/** Added to the month by the tax authority's test population (Tenor): such a number can belong to nobody. */
const SYNTHETIC_MONTH = 80;

/** Added to the day of a D-number. */
const D_NUMBER_DAY = 40;

/**
 * Makes a synthetic personnummer that passes all checks of the rule in force.
 *
 * @param birthDate `YYYY-MM-DD`, 1940 to 2039
 * @param nth which of the date's possible numbers, from 0; the same arguments always give the same number
 * @param options.dNumber makes a D-number instead
 */
export function syntheticNumber(birthDate: string, nth = 0, options: { dNumber?: boolean } = {}): string {
  const [year = 0, month = 0, day = 0] = birthDate.split('-').map(Number);
  const date = [day + (options.dNumber ? D_NUMBER_DAY : 0), month + SYNTHETIC_MONTH, year % 100]
    .map(twoDigits)
    .join('');
  // Individual numbers 000-499 say 1900-1999, 500-999 say 2000-2039.
  const first = year < 2000 ? 0 : 500;
  let remaining = nth;
  for (let individual = first; individual < first + 500; individual += 1) {
    const number = withControlDigits(date + String(individual).padStart(3, '0'));
    if (number === undefined) continue;
    if (remaining === 0) return number;
    remaining -= 1;
  }
  throw new RangeError(`a birth date has fewer than ${nth + 1} numbers`);
}

/** Undefined where a control digit would have to be 10: such numbers are never issued. */
function withControlDigits(nineDigits: string): string | undefined {
  const first = controlDigit(nineDigits, FIRST_WEIGHTS);
  if (first === 10) return undefined;
  const second = controlDigit(`${nineDigits}${first}`, SECOND_WEIGHTS);
  return second === 10 ? undefined : `${nineDigits}${first}${second}`;
}

function controlDigit(digits: string, weights: number[]): number {
  const sum = weights.reduce((total, weight, at) => total + weight * Number(digits[at]), 0);
  return (11 - (sum % 11)) % 11;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
