import { type Kind, oldRecord, record } from './case.ts';
import { otherNumber } from './invent-person.ts';

/**
 * BankID tells neither phone nor e-mail: it finds a member by the number, or by a link made before. Where the organisation
 * asks for consent (NHF at BankID, Blindeforbundet on our own page), everybody says yes who is not said to refuse.
 */
export const bankidKinds: Record<string, Kind> = {
  'bankid-filled': {
    expected: 'filled',
    story: 'Linked before. The record has no personnummer; says yes where asked for consent.',
    linked: true,
    records: (person) => [record(person)],
  },
  'bankid-filled-d-number': {
    expected: 'filled',
    story: 'Linked before, no personnummer in the record. Has a D-number; says yes where asked for consent.',
    dNumber: true,
    linked: true,
    records: (person) => [record(person)],
  },
  'bankid-confirmed': {
    expected: 'confirmed',
    story: 'Logs in with BankID for the first time and is found by the personnummer in the record.',
    records: (person) => [{ ...record(person), personnummer: person.personnummer }],
  },
  'bankid-conflict': {
    expected: 'conflict',
    story: 'Linked before. The record has another personnummer.',
    linked: true,
    records: (person) => [{ ...record(person), personnummer: otherNumber(person) }],
  },
  'bankid-duplicate': {
    expected: 'duplicate',
    story: 'Linked before. Has two records; the personnummer stands on the other one.',
    linked: true,
    records: (person) => [record(person), oldRecord(person)],
  },
  'bankid-absent-refused': {
    expected: 'absent',
    story: 'Linked before. No personnummer in the record; says no when asked for consent.',
    linked: true,
    traits: { refusesConsent: true },
    only: ['nhf', 'blindeforbundet'],
    records: (person) => [record(person)],
  },
  'bankid-absent-withheld': {
    expected: 'absent',
    story: 'Linked before. The agreement with BankID grants no scope that holds the personnummer.',
    linked: true,
    traits: { behaviour: 'withheld' },
    records: (person) => [record(person)],
  },
  'bankid-absent-malformed': {
    expected: 'absent',
    story: 'Linked before. BankID sends the personnummer as a JSON number.',
    linked: true,
    traits: { behaviour: 'malformed' },
    records: (person) => [record(person)],
  },
  'bankid-unlinked': {
    expected: 'unlinked',
    story: 'Is not a member.',
    records: () => [],
  },
  'bankid-weak-login': {
    expected: 'refused',
    story: 'Logs in with BankID Biometric, which is level 3; the organisation asks for level 4.',
    linked: true,
    traits: { weakLogin: true },
    records: (person) => [record(person)],
  },
};
