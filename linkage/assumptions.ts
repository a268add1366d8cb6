/** How often something is so, and of whom. Where no source is named the rate is assumed, rather too high than too low. */
export type Assumption = { rate: number; of: string; why: string };

const assume = <K extends string>(table: Record<K, [number, string, string]>) =>
  Object.fromEntries(
    Object.entries<[number, string, string]>(table).map(([key, [rate, of, why]]) => [key, { rate, of, why }]),
  ) as Record<K, Assumption>;

/** Who the people are. */
export const PEOPLE = assume({
  stranger: [0.03, 'households: nobody in it is a member', 'people who try the button'],
  familyMember: [0.35, 'other people in a member’s household: a member too', 'family membership'],
  curious: [0.1, 'other people in a member’s household who are no members: log in all the same', 'assumed'],
  twins: [0.016, 'births: twins', 'about 16 of 1,000 births in Norway (Medical Birth Registry)'],
  namedAfterParent: [0.06, 'children: have a given name of their father or mother', 'assumed'],
  sameName: [0.004, 'children: have the whole name of their father or mother', 'assumed'],
  sharedSurname: [0.6, 'couples: one surname', 'assumed'],
  middleSurname: [0.3, 'children: the other parent’s surname as a middle name', 'assumed'],
  sharedEmail: [0.1, 'couples: one e-mail address, verified in both logins', 'assumed; older couples do'],
  sharedPhone: [
    0.004,
    'couples: one phone, verified in both logins',
    'Vipps knows a phone once; other providers may not',
  ],
  noEmail: [0.04, 'adults: no e-mail address', 'assumed'],
  recycledPhone: [
    0.03,
    'people: got a phone number that somebody else has given up',
    'operators hand numbers out again',
  ],
  recycledEmail: [
    0.001,
    'people: got an e-mail address that somebody else has given up',
    'work, family and lapsed domains',
  ],
  office: [
    0.0004,
    'people: took over phone and e-mail address of a branch office from a member',
    'leaders of local branches change',
  ],
  succeededDNumber: [0.35, 'people with another first language: had a D-number first', 'assumed'],
  correctedBirth: [0.03, 'of those: the birth date was corrected with the new number', 'assumed'],
});

/** What the member's record has of them. */
export const RECORD = assume({
  number: [0.55, 'records: a number', 'the organisations’ own problem: the rest have none'],
  oldDNumber: [0.5, 'records of people who had a D-number: still that one', 'assumed'],
  mistypedNumber: [
    0.0005,
    'records with a number: a valid one of nobody in the household',
    'both control digits catch most slips',
  ],
  relativesNumber: [
    0.0003,
    'records with a number, where the household has more members: the number of one of them',
    'assumed',
  ],
  twinsNumber: [
    0.005,
    'pairs of twins who are both members: the numbers changed about',
    'assumed; they differ in the last five digits',
  ],
  noBirthDate: [0.04, 'records: no birth date', 'assumed'],
  mistypedBirthDate: [
    0.006,
    'records: another birth date (day and month swapped, a digit wrong, a year off)',
    'assumed',
  ],
  noGivenName: [0.002, 'records: no given name', 'assumed'],
  noFamilyName: [0.001, 'records: no family name', 'assumed'],
  swappedNames: [0.004, 'records: given and family name swapped', 'assumed'],
  shortGivenName: [0.2, 'records of people with two given names: only the first', 'assumed'],
  initial: [0.003, 'records: an initial instead of the given name', 'assumed'],
  noMiddleName: [0.5, 'records of people with a middle name: without it', 'assumed'],
  mistypedName: [0.012, 'records: a slip in one of the names', 'assumed'],
  otherSpelling: [0.08, 'records: another spelling of a name that has several', 'assumed'],
  plainLetters: [0.05, 'records: letters beyond A to Z written without their marks', 'assumed; old systems'],
  nameBefore: [
    0.12,
    'records of women who share the partner’s surname: the surname from before',
    'a new name by marriage',
  ],
  phone: [0.85, 'records: a phone', 'assumed'],
  oldPhone: [0.12, 'records with a phone: one that the member has given up', 'assumed'],
  partnersPhone: [0.05, 'records with a phone, of couples: the partner’s', 'assumed'],
  parentsPhone: [0.4, 'records of children until 18: a parent’s phone and e-mail address', 'assumed'],
  email: [0.75, 'records: an e-mail address', 'assumed'],
  oldEmail: [0.15, 'records with an e-mail address: one that the member has given up', 'assumed'],
  twice: [0.01, 'members: a second record, without a number', 'the duplicates that started this project'],
});

/** What the login brings. */
export const LOGIN = assume({
  bankid: [0.1, 'logins: BankID, which brings number, name and birth date, no phone or e-mail address', 'assumed'],
  idporten: [0.05, 'logins: ID-porten, which brings a number and nothing else', 'assumed'],
  noNumber: [0.15, 'logins with Vipps: no number (not consented to)', 'assumed'],
  unverifiedEmail: [0.03, 'logins with Vipps: an e-mail address that is not verified', 'assumed'],
  strangersEmail: [
    0.0003,
    'logins with Vipps: an unverified e-mail address that belongs to some member',
    'a slip, or somebody who tries',
  ],
  mistypedName: [0.0005, 'logins: a slip in the name', 'the population register has few'],
});
