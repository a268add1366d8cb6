import { type Kind, oldRecord, record } from './case.ts';
import { otherNumber } from './invent-person.ts';

/** Vipps tells phone and e-mail, so it finds members whom nobody has linked. The key is part of the person's id. */
export const vippsKinds: Record<string, Kind> = {
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
    records: (person) => [record(person), oldRecord(person)],
  },
  'absent-withheld': {
    expected: 'absent',
    story: 'Does not share the personnummer.',
    traits: { behaviour: 'withheld' },
    records: (person) => [record(person)],
  },
  'absent-malformed': {
    expected: 'absent',
    story: 'The provider sends the personnummer as a JSON number.',
    traits: { behaviour: 'malformed' },
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
