type Named = { given: string | null; family: string | null };
type Someone = Named & {
  person: number;
  household: number;
  role: 'adult' | 'partner' | 'child';
  twin: boolean;
  number: string | null;
  masked: string | null;
  birth_date: string | null;
  phone: string | null;
  email: string | null;
};

export type Login = Someone & { provider: string; email_verified: boolean; told: string[]; language: string };
export type RecordOf = Someone & { external_id: string; faults: string[] };

export type Comparison = 'same' | 'other' | 'not in the login' | 'not in the record';

export function compare(login: string | null, record: string | null): Comparison {
  if (login === null) return 'not in the login';
  if (record === null) return 'not in the record';
  return login.toLowerCase() === record.toLowerCase() ? 'same' : 'other';
}

/** Who the owner of a record is to the person who logs in. */
export function relation(login: Login, record: RecordOf): string {
  if (login.person === record.person) return 'the same person';
  if (login.household !== record.household) return strangers(login, record);
  if (login.twin && record.twin) return 'a twin';
  const roles = [login.role, record.role].filter((role) => role === 'child').length;
  return ['the partner', 'a parent or child', 'a brother or sister'][roles] as string;
}

function strangers(login: Login, record: RecordOf): string {
  if (login.told.includes('took over: branch office')) return 'who had the branch office before';
  if (login.told.includes('unverified address of somebody else')) return 'whose address it claims';
  if (compare(login.phone, record.phone) === 'same') return 'who had the phone before';
  if (compare(login.email, record.email) === 'same') return 'who had the e-mail address before';
  return 'a stranger';
}

/**
 * Judged apart from the database's own comparison, and more strictly: given name or family name shares no word, letters and marks
 * folded. A name that one side lacks is no disagreement.
 */
export function nameDisagrees(one: Named, other: Named): boolean {
  const differ = (a: string | null, b: string | null) =>
    a !== null && b !== null && !words(a).some((word) => words(b).includes(word));
  const straight = differ(one.given, other.given) || differ(one.family, other.family);
  const swapped = differ(one.given, other.family) || differ(one.family, other.given);
  return straight && swapped;
}

function words(name: string): string[] {
  const folded = name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/ø/g, 'o')
    .replace(/æ/g, 'ae')
    .replace(/aa/g, 'a');
  return folded.split(/[^\p{L}]+/u).filter((word) => word.length > 1);
}
