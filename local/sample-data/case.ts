import type { Person } from '../identity-provider/person.ts';

/** What becomes of a login; `registry.outcome` in the database. */
export type Outcome =
  | 'filled'
  | 'confirmed'
  | 'conflict'
  | 'duplicate'
  | 'absent'
  | 'unlinked'
  | 'ambiguous'
  | 'name_mismatch';

/** A member record as an organisation's export would have it. */
export type SampleMember = Pick<Person, 'givenName' | 'familyName' | 'birthDate'> & {
  /** Id in the organisation's member system. */
  externalId: string;
  phone?: string;
  email?: string;
  personnummer?: string;
};

/** A person, the records the organisation has, and what their first login therefore comes to. */
export type SampleCase = {
  person: Person;
  /** `refused`: the login does not verify, the app is told `login_failed`, and nothing is stored. */
  expected: Outcome | 'refused';
  members: SampleMember[];
  /** The first record was linked to this login before, by its member, from "my page". */
  linked: boolean;
};

/** What all kinds of cases have in common: a person without a story yet. */
export type Somebody = Omit<Person, 'id' | 'story' | 'behaviour'>;

/** One kind of case; every organisation that offers it has one person of this kind. */
export type Kind = {
  expected: SampleCase['expected'];
  story: string;
  dNumber?: boolean;
  linked?: boolean;
  /** How the person differs from an ordinary one. */
  traits?: Partial<Person>;
  /** Slugs of the organisations that have it; all by default. */
  only?: string[];
  /** The records, each without its id. */
  records(person: Somebody): Omit<SampleMember, 'externalId'>[];
};

/** Everything a member system would have of a person, but the number. */
export function record({ givenName, familyName, birthDate, phone, email }: Somebody) {
  return { givenName, familyName, birthDate, phone, email };
}

/** The old record of somebody who has two: the number stands on it, phone and e-mail do not. */
export function oldRecord({ givenName, familyName, birthDate, personnummer }: Somebody) {
  return { givenName, familyName, birthDate, personnummer };
}
