import type { Person } from '../identity-provider/person.ts';
import { syntheticNumber } from './synthetic-number.ts';

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
export type SampleCase = { person: Person; expected: Outcome; members: SampleMember[] };

type Somebody = Omit<Person, 'id' | 'story' | 'behaviour'>;
type Kind = {
  expected: Outcome;
  story: string;
  behaviour?: Person['behaviour'];
  dNumber?: boolean;
  /** The records, each without its id. */
  records(person: Somebody): Omit<SampleMember, 'externalId'>[];
};

const record = ({ givenName, familyName, birthDate, phone, email }: Somebody) => ({
  givenName,
  familyName,
  birthDate,
  phone,
  email,
});

/** Another number of the same birth date. */
const otherNumber = (person: Somebody) => syntheticNumber(person.birthDate, 200);

/** One of each in every organisation; the key is part of the person's id. */
const kinds: Record<string, Kind> = {
  filled: {
    expected: 'filled',
    story: 'The member record has no personnummer.',
    records: (person) => [record(person)],
  },
  'filled-d-number': {
    expected: 'filled',
    story: 'No personnummer in the record, which has given and family name the wrong way round. Has a D-number.',
    dNumber: true,
    records: (person) => [{ ...record(person), givenName: person.familyName, familyName: person.givenName }],
  },
  confirmed: {
    expected: 'confirmed',
    story: 'The record has the same personnummer already, and an old phone number.',
    records: (person) => [{ ...record(person), phone: '+4700999999', personnummer: person.personnummer }],
  },
  conflict: {
    expected: 'conflict',
    story: 'The record has another personnummer.',
    records: (person) => [{ ...record(person), personnummer: otherNumber(person) }],
  },
  duplicate: {
    expected: 'duplicate',
    story: 'Has two records; the personnummer stands on the old one, without phone and e-mail.',
    records: (person) => {
      const { phone: _, email: __, ...old } = record(person);
      return [record(person), { ...old, personnummer: person.personnummer }];
    },
  },
  'absent-withheld': {
    expected: 'absent',
    story: 'Does not share the personnummer.',
    behaviour: 'withheld',
    records: (person) => [record(person)],
  },
  'absent-malformed': {
    expected: 'absent',
    story: 'The provider sends the personnummer as a JSON number.',
    behaviour: 'malformed',
    records: (person) => [record(person)],
  },
  unlinked: {
    expected: 'unlinked',
    story: 'Is not a member.',
    records: () => [],
  },
  ambiguous: {
    expected: 'ambiguous',
    story: 'Shares phone and e-mail with another member of the family.',
    records: (person) => [record(person), { ...record(person), givenName: 'Fremmed', birthDate: '1961-12-31' }],
  },
  'name-mismatch': {
    expected: 'name_mismatch',
    story: 'Phone and e-mail stand on the record of somebody with another name.',
    records: (person) => [{ ...record(person), givenName: 'Ukjent', familyName: 'Navnløs' }],
  },
};

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

/** The cases of one organisation. @param nth the organisation's place in the list, so that no two share a person */
export function sampleCases(organization: string, nth: number): SampleCase[] {
  return Object.entries(kinds).map(([name, kind], at) => {
    const somebody = inventPerson(organization, nth, at, kind.dNumber ?? false);
    const members = kind.records(somebody).map((values, which) => ({
      ...values,
      externalId: `${organization.toUpperCase().slice(0, 3)}-${1000 + at * 10 + which}`,
    }));
    const { story, behaviour = 'given', expected } = kind;
    return { person: { ...somebody, id: `${organization}-${name}`, story, behaviour }, expected, members };
  });
}

function inventPerson(organization: string, nth: number, at: number, dNumber: boolean): Somebody {
  const givenName = givenNames[at % givenNames.length] ?? '';
  const familyName = familyNames[(at + 3 * nth) % familyNames.length] ?? '';
  const birthDate = `${1950 + at * 6}-0${1 + nth}-${10 + at}`;
  return {
    organization,
    givenName,
    familyName,
    birthDate,
    // No Norwegian number begins with 0, so these reach nobody.
    phone: `+4700${nth}${String(at).padStart(5, '0')}`,
    email: `${givenName}.${nth}@person.example`.toLowerCase(),
    personnummer: syntheticNumber(birthDate, nth, { dNumber }),
  };
}
