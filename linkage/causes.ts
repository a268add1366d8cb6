import { compare, type Login, nameDisagrees, type RecordOf, relation } from './facts.ts';

/** The sample by chance, all risky logins there are, and those of the sample that are not risky. */
export type Part = 'sample' | 'risky' | 'ordinary';

/** Linked to somebody else; a case for a coordinator; a member who is not linked, and nobody is asked. */
export type Fate = 'wrong' | 'asked' | 'missed';

/** A login that went wrong, was missed, or brought a case. */
export type Odd = {
  n: number;
  parts: Part[];
  outcome: string;
  login: Login;
  linked: RecordOf | null;
  own: RecordOf[];
  /** Other people's records that the login's number, phone or e-mail address points at. */
  others: RecordOf[];
  asked: boolean;
};

/** Why a login went wrong, was missed, or brought a case: read from the truth, not from the rules. */
export function causeOf(fate: Fate, odd: Odd): string {
  if (fate === 'wrong') return causeOfWrong(odd);
  if (odd.own.length === 0) return `no member; ${whatPointsAt(odd.login, nearest(odd))}`;
  const own = odd.own.find((record) => pointsAt(odd.login, record)) ?? (odd.own[0] as RecordOf);
  switch (odd.outcome) {
    case 'unlinked':
      return causeOfUnlinked(odd.login, own);
    case 'conflict':
      return `the record has ${own.faults.find((what) => /umber/.test(what)) ?? 'another number'}`;
    case 'duplicate':
      return holderOfNumber(odd);
    case 'name_mismatch':
      return mismatch(odd, own);
    default:
      return ambiguity(odd, own);
  }
}

function causeOfWrong({ login, linked }: Odd): string {
  const record = linked as RecordOf;
  const birth = compare(login.birth_date, record.birth_date);
  const name = nameDisagrees(login, record) ? 'another name' : 'a name that agrees';
  return `${whatPointsAt(login, record)}; ${name}, ${birth === 'same' ? 'same birth date' : birth === 'other' ? 'another birth date' : 'birth date unknown'}`;
}

function causeOfUnlinked(login: Login, own: RecordOf): string {
  if (login.provider !== 'vipps')
    return `${login.provider} brings no phone or e-mail address, and the record has not this number`;
  if (own.number !== null && login.number === null)
    return 'the login brings no number, the record has not this phone or e-mail address';
  return 'the record has not this number, phone or e-mail address';
}

function mismatch(odd: Odd, own: RecordOf): string {
  const { login } = odd;
  if (holder(odd) !== undefined) return holderOfNumber(odd);
  if (!pointsAt(login, own)) return whatPointsAt(login, nearest(odd));
  if (compare(login.birth_date, own.birth_date) === 'other') return 'the record has another birth date';
  const fault = [...login.told, ...own.faults].find(
    (what) => /name|initial|spelling/.test(what) && !/no middle|shortened/.test(what),
  );
  return `the names disagree: ${fault ?? own.faults.find((what) => /middle|shortened/.test(what)) ?? 'no word is shared as they are compared'}`;
}

function ambiguity(odd: Odd, own: RecordOf): string {
  const { login, others } = odd;
  if (odd.own.filter((record) => pointsAt(login, record)).length > 1) return 'two records of the same person';
  if (others.length > 0)
    return `${whatPointsAt(login, nearest(odd))}${pointsAt(login, own) ? ', and at their own' : ''}`;
  const [phone, email] = [compare(login.phone, own.phone), compare(login.email, own.email)];
  if (email === 'same' && !login.email_verified) return 'the e-mail address that agrees is not verified';
  if (phone === 'same' && email === 'other') return 'the phone agrees, the record has another e-mail address';
  if (email === 'same' && phone === 'other') return 'the e-mail address agrees, the record has another phone';
  const birth = compare(login.birth_date, own.birth_date);
  return `only one of phone and e-mail address can be compared, and the record has ${birth === 'other' ? 'another' : 'no'} birth date`;
}

const holder = ({ login, others }: Odd) => others.find(({ number }) => number !== null && number === login.number);

function holderOfNumber(odd: Odd): string {
  const found = holder(odd);
  return found === undefined ? 'the number is on the second record of the same person' : whatPointsAt(odd.login, found);
}

/** The other person's record that most of the login points at. */
function nearest({ login, others }: Odd): RecordOf {
  const weight = (record: RecordOf) =>
    agreeing(login, record).length + (compare(login.birth_date, record.birth_date) === 'same' ? 1 : 0);
  return others.toSorted((a, b) => weight(b) - weight(a))[0] as RecordOf;
}

function whatPointsAt(login: Login, record: RecordOf | undefined): string {
  if (record === undefined) return 'nothing points at anybody';
  return `${agreeing(login, record).join(' and ')} on the record of ${relation(login, record)}`;
}

function agreeing(login: Login, record: RecordOf): string[] {
  return [
    ...(compare(login.number, record.number) === 'same' ? ['the number'] : []),
    ...(compare(login.phone, record.phone) === 'same' ? ['the phone'] : []),
    ...(compare(login.email, record.email) === 'same'
      ? [`the ${login.email_verified ? '' : 'unverified '}e-mail address`]
      : []),
  ];
}

function pointsAt(login: Login, record: RecordOf): boolean {
  return agreeing(login, record).length > 0;
}
