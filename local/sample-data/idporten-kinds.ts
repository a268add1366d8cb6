import { type Kind, record } from './case.ts';
import { otherNumber } from './invent-person.ts';

/**
 * ID-porten tells the number and nothing else: it finds a member by that, or by a link made before. NHF reads the number
 * from the ID token, Blindeforbundet from introspection, HLF from tokeninfo.
 */
export const idportenKinds: Record<string, Kind> = {
  'idporten-filled': {
    expected: 'filled',
    story: 'Linked before. The record has no personnummer.',
    linked: true,
    records: (person) => [record(person)],
  },
  'idporten-filled-d-number': {
    expected: 'filled',
    story: 'Linked before, no personnummer in the record. Has a D-number.',
    dNumber: true,
    linked: true,
    records: (person) => [record(person)],
  },
  'idporten-confirmed': {
    expected: 'confirmed',
    story: 'Logs in with ID-porten for the first time and is found by the personnummer in the record.',
    records: (person) => [{ ...record(person), personnummer: person.personnummer }],
  },
  'idporten-conflict': {
    expected: 'conflict',
    story: 'Linked before. The record has another personnummer.',
    linked: true,
    records: (person) => [{ ...record(person), personnummer: otherNumber(person) }],
  },
  'idporten-absent-withheld': {
    expected: 'absent',
    story: 'Linked before. ID-porten is told not to give the number (no_pid).',
    linked: true,
    traits: { behaviour: 'withheld' },
    records: (person) => [record(person)],
  },
  'idporten-absent-foreign': {
    expected: 'absent',
    story: 'Linked before. Logs in with a foreign eID, which has no personnummer.',
    linked: true,
    traits: { foreignEid: true },
    records: (person) => [record(person)],
  },
  'idporten-absent-malformed': {
    expected: 'absent',
    story: 'Linked before. ID-porten sends the personnummer as a JSON number.',
    linked: true,
    traits: { behaviour: 'malformed' },
    records: (person) => [record(person)],
  },
  'idporten-unlinked': {
    expected: 'unlinked',
    story: 'Is not a member.',
    records: () => [],
  },
  'idporten-weak-login': {
    expected: 'refused',
    story: 'Logs in with MinID, which is level substantial; the organisation asks for high.',
    linked: true,
    traits: { weakLogin: true },
    records: (person) => [record(person)],
  },
  'idporten-inactive-token': {
    expected: 'refused',
    story: 'ID-porten says that the access token is not active.',
    linked: true,
    traits: { inactiveToken: true },
    only: ['blindeforbundet', 'hlf'],
    records: (person) => [record(person)],
  },
};
