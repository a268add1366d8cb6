import { type MemberProviderName, memberProviderNames } from '../identity-provider/person.ts';
import type { Somebody } from './case.ts';
import { syntheticNumber } from './synthetic-number.ts';

// Adjectives and weather: nobody is called so.
const givenNames = ['Munter', 'Stille', 'Rask', 'Kvikk', 'Blid', 'Modig', 'Klok', 'Lun', 'Sprek', 'Varm'];
const familyNames = [
  'Bjørkeløv',
  'Fjellvidde',
  'Elvestrøm',
  'Havskum',
  'Solglimt',
  'Granbar',
  'Månelys',
  'Snøfnugg',
].concat(['Tåkedis', 'Vindkast']);

/** Where a person stands: no two with different places share name, number, phone or e-mail. */
export type Place = {
  provider: MemberProviderName;
  organization: string;
  /** The organisation's place in the list, 0 to 2. */
  nth: number;
  /** The case's place among the provider's, 0 to 9. */
  at: number;
};

/** The same place always gives the same person. */
export function inventPerson({ provider, organization, nth, at }: Place, dNumber: boolean): Somebody {
  const which = memberProviderNames.indexOf(provider);
  const givenName = givenNames[at % givenNames.length] ?? '';
  const familyName = familyNames[(at + 3 * nth + which) % familyNames.length] ?? '';
  const birthDate = `${1950 + at * 6 + which}-0${1 + nth}-${10 + at}`;
  const mailbox = which === 0 ? `${givenName}.${nth}` : `${givenName}.${provider}.${nth}`;
  return {
    provider,
    organization,
    givenName,
    familyName,
    birthDate,
    // No Norwegian number begins with 0, so these reach nobody.
    phone: `+4700${nth}${String(at + 100 * which).padStart(5, '0')}`,
    email: `${mailbox}@person.example`.toLowerCase(),
    personnummer: syntheticNumber(birthDate, nth, { dNumber }),
  };
}

/** Another number of the same birth date. */
export function otherNumber(person: Somebody): string {
  return syntheticNumber(person.birthDate, 200);
}
