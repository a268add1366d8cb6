/** Synthetic (month + 80): they can belong to nobody. The bool says whether the number is a D-number. */
export const synthetic: Record<string, { dNumber: boolean }> = Object.fromEntries(
  [
    '01815025039 31926110341 08837220093 17858433347 29828804004 24929948099 15864590044 03897895160 01810099816',
    '29820099840 10900570029 29822099635 05841160047 30869800100 01912499037 18836922235 02923307764 09919244175',
    '52829431130 69829612046 61887640024 46860376059 71815706182',
  ]
    .join(' ')
    .split(' ')
    .map((number) => [number, { dNumber: number >= '4' }]),
);

/** The first control digit leaves a remainder of 1, 2 or 3: right only under the rule of 2032. */
export const syntheticUnder2032Rule: Record<string, { dNumber: boolean }> = Object.fromEntries(
  '02813299960 02813299979 02813299987 30908299813 30908299821 14859099913 47878799913'
    .split(' ')
    .map((number) => [number, { dNumber: number >= '4' }]),
);

/** Control digits hold, yet no evidence anywhere. */
export const otherKinds: { number: string; what: string; absentReason: 'not_accepted' | 'malformed' }[] = [
  { number: '12429431083', what: 'month + 40 (H-number)', absentReason: 'not_accepted' },
  { number: '12519431031', what: 'month + 40 (H-number)', absentReason: 'not_accepted' },
  { number: '12679431100', what: 'month + 65', absentReason: 'malformed' },
  { number: '12769431088', what: 'month + 65', absentReason: 'malformed' },
  { number: '12229431097', what: 'month + 20', absentReason: 'malformed' },
  { number: '12629431150', what: 'month + 60', absentReason: 'malformed' },
  { number: '81234500090', what: 'shared help number', absentReason: 'malformed' },
];

export const invalid: { text: string; why: string }[] = [
  { text: '0181502503', why: '10 digits' },
  { text: '018150250390', why: '12 digits' },
  { text: '319261 10341', why: 'a space' },
  { text: '088372-20093', why: 'a hyphen' },
  { text: '1785843334A', why: 'a letter' },
  { text: '', why: 'nothing' },
  { text: ' 2982880400', why: 'a leading space and 11 characters' },
  { text: ' 01815025039', why: 'a leading space and 11 digits' },
  { text: '２４９２９９４８０９９', why: 'full-width digits' },
  { text: '١٥٨٦٤٥٩٠٠٤٤', why: 'Arabic-Indic digits' },
  { text: '01815025039\n', why: 'a trailing line feed' },
  { text: '01815025039\0', why: 'a trailing NUL' },
  { text: '0181502503\ud800', why: 'a lone surrogate' },
  { text: '\ud800', why: 'nothing but a lone surrogate' },
  { text: '03897895161', why: 'a wrong second control digit' },
  { text: '01810099859', why: 'a first control digit that leaves 4' },
  { text: '29820098940', why: 'two digits swapped' },
  { text: '10900575029', why: 'one digit changed' },
  { text: '31847710074', why: '31 April' },
  { text: '30829610090', why: '30 February' },
  { text: '29820110003', why: '29 February 2001' },
  { text: '00858010004', why: 'day 0' },
  { text: '32819010063', why: 'day 32' },
  { text: '12807510140', why: 'month 0' },
  { text: '12937510088', why: 'month 13' },
  { text: '72858010099', why: 'day 32 of a D-number' },
  { text: '80858010091', why: 'day 80' },
  { text: '11846800800', why: 'a second control digit that would have to be 10' },
  { text: '00000000000', why: 'zeros' },
  { text: '11111111111', why: 'ones' },
  { text: '99999999999', why: 'nines' },
  { text: '9'.repeat(1_048_576), why: 'a mebibyte of digits' },
];
