import { LANGUAGES } from '../linkage/names/languages.ts';
import { draw } from '../linkage/names/ranked.ts';
import { createChance } from '../test/chaos/random.ts';

const norwegian = LANGUAGES.find(({ name }) => name === 'Norwegian');
if (norwegian === undefined) throw new Error('no Norwegian names');
const { given, family } = norwegian;

/** The name of the nth person, always the same. Names are as common as in Norway: one or two of a hundred have the commonest. */
export function nameOf(n: number): { givenName: string; familyName: string } {
  const chance = createChance(n);
  return { givenName: draw(given[n % 2 === 0 ? 'female' : 'male'], chance), familyName: draw(family, chance) };
}
