import type { Chance } from '../test/chaos/random.ts';
import { LOGIN, PEOPLE } from './assumptions.ts';
import { mistyped } from './misspell.ts';
import type { Person } from './people.ts';
import { numberOf, type SyntheticNumber } from './records.ts';

/** What a provider says of the person who logs in, for the first time with this login. */
export type Login = {
  person: number;
  provider: 'vipps' | 'bankid' | 'idporten';
  number: SyntheticNumber | null;
  given: string | null;
  family: string | null;
  birthDate: string | null;
  phone: string | null;
  email: string | null;
  emailVerified: boolean;
  /** What is special, in words. */
  told: string[];
};

/** Old enough for a login of their own (Vipps: 15), and likely to try one here. */
export function logsIn(person: Person, household: Person[], chance: Chance): boolean {
  if (person.birthDate > '2011-11-28') return false;
  return person.member || !household.some(({ member }) => member) || chance.next() < PEOPLE.curious.rate;
}

/** @param strangersEmail the address of some member, for the few who bring one that is not theirs */
export function loginOf(person: Person, chance: Chance, strangersEmail: string | undefined): Login {
  const is = ({ rate }: { rate: number }) => chance.next() < rate;
  const provider = is(LOGIN.idporten) ? 'idporten' : is(LOGIN.bankid) ? 'bankid' : 'vipps';
  const login: Login = {
    person: person.id,
    provider,
    number: numberOf(person),
    given: null,
    family: null,
    birthDate: null,
    phone: null,
    email: null,
    emailVerified: false,
    told: person.tookOver.map((what) => `took over: ${what}`),
  };
  if (provider === 'idporten') return login;
  login.given = [...person.given, ...(person.middle === null ? [] : [person.middle])].join(' ');
  login.family = person.family;
  login.birthDate = person.birthDate;
  if (is(LOGIN.mistypedName)) {
    login.family = mistyped(login.family, chance);
    login.told.push('name mistyped by the provider');
  }
  if (provider === 'bankid') return login;
  if (is(LOGIN.noNumber)) login.number = null;
  login.phone = person.phone;
  login.email = person.email;
  login.emailVerified = login.email !== null && !is(LOGIN.unverifiedEmail);
  if (strangersEmail !== undefined && is(LOGIN.strangersEmail)) {
    Object.assign(login, { email: strangersEmail, emailVerified: false });
    login.told.push('unverified address of somebody else');
  }
  return login;
}
