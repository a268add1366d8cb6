import type { Chance } from '../test/chaos/random.ts';
import { RECORD } from './assumptions.ts';
import { differently, mistyped, plain } from './misspell.ts';
import type { People, Person } from './people.ts';

/** What the organisation has of a member, with the mistakes that records have. */
export type MemberRecord = {
  person: number;
  number: SyntheticNumber | null;
  given: string | null;
  family: string | null;
  birthDate: string | null;
  phone: string | null;
  email: string | null;
  /** What is wrong with it, in words. */
  faults: string[];
};

/** A number as the database has it. There are no digits behind it: one person's is told from another's by the index. */
export type SyntheticNumber = { index: string; masked: string };

export function numberOf(person: Person, kind: 'n' | 'd' | 'x' = 'n'): SyntheticNumber {
  const [year, month, day] = (kind === 'd' ? person.birthDateBefore : person.birthDate).split('-').map(Number) as [
    number,
    number,
    number,
  ];
  const date = [kind === 'd' ? day + 40 : day, month + 80, year % 100]
    .map((part) => String(part).padStart(2, '0'))
    .join('');
  return { index: `v1.${person.id}.${kind}`, masked: `${date}*****` };
}

/** The records of a household's members; of some two. */
export function recordsOf(household: Person[], people: People, chance: Chance): MemberRecord[] {
  const members = household.filter(({ member }) => member);
  const records = members.flatMap((person) => {
    const record = recordOf(person, household, people, chance);
    const second = chance.next() < RECORD.twice.rate ? recordOf(person, household, people, chance) : null;
    return second === null
      ? [record]
      : [record, { ...second, number: null, faults: [...second.faults, 'second record'] }];
  });
  mixNumbersUp(members, records, chance);
  return records;
}

function recordOf(person: Person, household: Person[], people: People, chance: Chance): MemberRecord {
  const record: MemberRecord = {
    person: person.id,
    number: null,
    birthDate: person.birthDate,
    faults: [],
    given: [...person.given, ...(person.middle === null ? [] : [person.middle])].join(' '),
    family: person.family,
    phone: null,
    email: null,
  };
  const is = ({ rate }: { rate: number }) => chance.next() < rate;
  if (is(RECORD.number)) record.number = recordedNumber(person, record, is);
  writeNames(person, record, is, chance);
  if (is(RECORD.noBirthDate)) fault(record, 'no birth date', { birthDate: null });
  else if (is(RECORD.mistypedBirthDate))
    fault(record, 'birth date mistyped', { birthDate: mistypedDate(person.birthDate, chance) });
  writeContact(person, record, household, people, is, chance);
  return record;
}

type Is = (assumption: { rate: number }) => boolean;

function fault(record: MemberRecord, what: string, changes: Partial<MemberRecord>): void {
  record.faults.push(what);
  Object.assign(record, changes);
}

function recordedNumber(person: Person, record: MemberRecord, is: Is): SyntheticNumber {
  if (person.hadDNumber && is(RECORD.oldDNumber)) {
    record.faults.push('D-number from before');
    return numberOf(person, 'd');
  }
  if (is(RECORD.mistypedNumber)) {
    record.faults.push('number mistyped');
    return numberOf(person, 'x');
  }
  return numberOf(person);
}

function writeNames(person: Person, record: MemberRecord, is: Is, chance: Chance): void {
  if (person.middle !== null && is(RECORD.noMiddleName))
    fault(record, 'no middle name', { given: person.given.join(' ') });
  if (person.given.length > 1 && !person.language.patronymic && is(RECORD.shortGivenName)) {
    fault(record, 'given name shortened', { given: person.given[0] as string });
  }
  if (person.familyBefore !== null && is(RECORD.nameBefore))
    fault(record, 'name from before', { family: person.familyBefore });
  if (is(RECORD.otherSpelling)) {
    const [given, family] = [differently(record.given ?? '', chance), differently(record.family ?? '', chance)];
    if (given !== record.given || family !== record.family) fault(record, 'another spelling', { given, family });
  }
  if (is(RECORD.plainLetters))
    Object.assign(record, { given: plain(record.given ?? ''), family: plain(record.family ?? '') });
  if (is(RECORD.mistypedName)) {
    const which = chance.pick(['given', 'family'] as const);
    fault(record, `${which} name mistyped`, { [which]: mistyped(record[which] ?? '', chance) });
  }
  if (is(RECORD.initial)) fault(record, 'an initial', { given: `${(record.given ?? '').charAt(0)}.` });
  if (is(RECORD.swappedNames)) fault(record, 'names swapped', { given: record.family, family: record.given });
  if (is(RECORD.noGivenName)) fault(record, 'no given name', { given: null });
  else if (is(RECORD.noFamilyName)) fault(record, 'no family name', { family: null });
}

function writeContact(
  person: Person,
  record: MemberRecord,
  household: Person[],
  people: People,
  is: Is,
  chance: Chance,
): void {
  const partner =
    person.role === 'child' ? undefined : household.find(({ id, role }) => id !== person.id && role !== 'child');
  const parent = household[0] as Person;
  if (person.birthDate >= '2008' && parent !== person && is(RECORD.parentsPhone)) {
    fault(record, 'a parent’s phone and e-mail address', { phone: parent.phone, email: parent.email });
    return;
  }
  if (is(RECORD.phone)) {
    record.phone = person.phone;
    if (partner !== undefined && is(RECORD.partnersPhone))
      fault(record, 'the partner’s phone', { phone: partner.phone });
    else if (person.phone !== null && is(RECORD.oldPhone)) {
      fault(record, 'phone given up', { phone: people.newPhone() });
      people.givenUp.phones.push(record.phone as string);
    }
  }
  if (is(RECORD.email)) {
    record.email = person.email;
    if (person.email !== null && is(RECORD.oldEmail)) {
      fault(record, 'e-mail address given up', { email: people.newEmail(person.given[0] as string, person.family) });
      people.givenUp.emails.push(record.email as string);
    }
  }
  const both = record.faults.includes('phone given up') && record.faults.includes('e-mail address given up');
  if (both && chance.next() < 0.1)
    people.givenUp.offices.push([people.givenUp.phones.pop() as string, people.givenUp.emails.pop() as string]);
}

/** A number on the record of somebody else of the household. A number stands once in an organisation, so its owner has none then, or theirs. */
function mixNumbersUp(members: Person[], records: MemberRecord[], chance: Chance): void {
  const [one, other] = records.filter(({ number, faults }) => number !== null && !faults.includes('second record'));
  if (one === undefined || other === undefined) return;
  const twins = members.filter(({ twin }) => twin).length === 2 && members.length === 2;
  if (chance.next() >= (twins ? RECORD.twinsNumber : RECORD.relativesNumber).rate) return;
  const both = twins || chance.next() < 0.5;
  const [ones, others] = [one.number, other.number];
  fault(one, 'number of somebody else of the family', { number: others });
  if (both) fault(other, 'number of somebody else of the family', { number: ones });
  else fault(other, 'number on somebody else’s record', { number: null });
}

function mistypedDate(date: string, chance: Chance): string {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  const swapped = day <= 12 && day !== month;
  const kind = chance.weigh({ swap: swapped ? 3 : 0, day: 3, year: 3 });
  const at = {
    swap: [year, day, month],
    day: [year, month, day > 18 ? day - 10 : day + 10],
    year: [year + (chance.next() < 0.5 ? 1 : -1), month, day],
  }[kind] as number[];
  return new Date(Date.UTC(at[0] as number, (at[1] as number) - 1, at[2])).toISOString().slice(0, 10);
}
