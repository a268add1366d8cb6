import { createHash } from 'node:crypto';
import type { Person } from './person.ts';

/** Vipps' scopes and the claims each brings. */
export const claimsByScope = {
  openid: ['sub'],
  name: ['name', 'given_name', 'family_name'],
  phoneNumber: ['phone_number', 'phone_number_verified'],
  email: ['email', 'email_verified'],
  birthDate: ['birthdate'],
  address: ['address', 'other_addresses'],
  nin: ['nin'],
};

/** All claims of a person in Vipps' forms; which of them are given out is decided by scope. */
export function claimsOf(person: Person): Record<string, unknown> & { sub: string } {
  return {
    sub: person.id,
    name: `${person.givenName} ${person.familyName}`,
    given_name: person.givenName,
    family_name: person.familyName,
    birthdate: person.birthDate,
    // Vipps: country code, no plus.
    phone_number: person.phone.replace('+', ''),
    phone_number_verified: true,
    email: person.email,
    email_verified: person.emailVerified ?? true,
    address: {
      address_type: 'home',
      street_address: 'Prøvegata 1',
      postal_code: '0001',
      region: 'OSLO',
      country: 'NO',
      formatted: 'Prøvegata 1\n0001\nOSLO\nNO',
    },
    other_addresses: [],
    ...ninOf(person),
  };
}

/** The scopes that a person grants of those asked for. */
export function grantedScopes(person: Person, requested: string): string {
  const scopes = requested.split(' ');
  return (person.behaviour === 'withheld' ? scopes.filter((scope) => scope !== 'nin') : scopes).join(' ');
}

/** Vipps' `sub`: a UUID of its own for each person and sales unit, the same at every login. */
export function subjectAt(clientId: string, personId: string): string {
  const hex = createHash('sha256').update(`${clientId} ${personId}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

function ninOf({ behaviour, personnummer }: Person): { nin?: string | number } {
  switch (behaviour) {
    case 'given':
      return { nin: personnummer };
    case 'malformed':
      return { nin: Number(personnummer) };
    case 'withheld':
      return {};
  }
}
