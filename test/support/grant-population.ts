import { createHash } from 'node:crypto';
import type pg from 'pg';

/** What is known of an invented register: who counts in base year 2025 by the rule `bufdir-disability`, and why the others do not. */
export type GrantTruth = {
  records: number;
  counted: number;
  verified: number;
  /** Not counted, by reason. */
  reasons: Record<string, number>;
  /** Counted, by county of 2025. */
  counties: Record<string, number>;
  /** Counted, who live in no municipality that can be told. */
  withoutPlace: number;
  /** Counted persons who are probably one with another. */
  alike: number;
};

type Person = {
  place: [code: string, year: number] | null;
  moved?: { on: string; from: [code: string, year: number] };
  since: string | null;
  until: string | null;
  dues: { year: number; paid_on: string | null; amount: number }[];
  reason: string | null;
  county: string | null;
};

/** Places of 2025, and a number of 2019 that one municipality has become (Hamar). */
const PLACES: [string, number, string][] = [
  ['0301', 2025, '03'],
  ['4601', 2025, '46'],
  ['5001', 2025, '50'],
  ['3403', 2025, '34'],
  ['0403', 2019, '34'],
  ['5501', 2025, '55'],
  ['1103', 2025, '11'],
];

const PAID = { year: 2025, paid_on: '2025-03-10', amount: 35_000 };

/** Kinds of members, how many of a thousand there are, and what makes them so. The first takes the rest. */
const KINDS: { of1000: number; make(place: [string, number, string]): Partial<Person> }[] = [
  { of1000: 0, make: () => ({}) },
  { of1000: 40, make: () => ({ dues: [{ ...PAID, paid_on: '2026-01-09' }], reason: 'paid_too_late' }) },
  { of1000: 20, make: () => ({ dues: [{ ...PAID, amount: 2_000 }], reason: 'paid_too_little' }) },
  { of1000: 10, make: () => ({ dues: [{ ...PAID, paid_on: null }], reason: 'paid_undated' }) },
  { of1000: 80, make: () => ({ dues: [], reason: 'not_paid' }) },
  { of1000: 30, make: () => ({ dues: [{ ...PAID, year: 2024 }], reason: 'not_paid' }) },
  // Who died has a last day too.
  { of1000: 30, make: () => ({ until: '2025-06-02', reason: 'left' }) },
  { of1000: 10, make: () => ({ until: '2025-12-30', reason: 'left' }) },
  { of1000: 20, make: () => ({ until: '2025-12-31' }) },
  { of1000: 20, make: () => ({ since: '2026-01-01', reason: 'joined_later' }) },
  { of1000: 30, make: ([code, year]) => ({ moved: { on: '2025-11-14', from: ['1804', 2025] }, place: [code, year] }) },
  {
    of1000: 30,
    make: ([code, year, county]) => ({
      moved: { on: '2026-02-01', from: [code, year] },
      place: ['1804', 2025],
      county,
    }),
  },
  // Ålesund of 2023 was split in 2024.
  { of1000: 10, make: () => ({ place: ['1507', 2023], county: null }) },
  { of1000: 5, make: () => ({ place: null, county: null }) },
];

type Rows = Record<'members' | 'residences' | 'memberships' | 'dues' | 'conflicts', object[]>;

/**
 * Writes an invented register of an organisation, the same for the same seed.
 *
 * @param numbers whether members have numbers: half of them verified by a login, some of them the same person twice
 */
export async function writeGrantPopulation(
  pool: pg.Pool,
  organization: { id: string },
  { size, seed, numbers }: { size: number; seed: number; numbers: boolean },
): Promise<GrantTruth> {
  const random = createRandom(seed);
  const truth: GrantTruth = {
    records: 0,
    counted: 0,
    verified: 0,
    reasons: {},
    counties: {},
    withoutPlace: 0,
    alike: 0,
  };
  const rows: Rows = { members: [], residences: [], memberships: [], dues: [], conflicts: [] };
  const write = async () => {
    for (const [table, list] of Object.entries(rows)) await insert(pool, table as keyof Rows, list.splice(0));
  };
  for (let nth = 0; truth.records < size; nth += 1) {
    const place = PLACES[random(PLACES.length)] as [string, number, string];
    const person = choosePerson(place, random(1000));
    const isVerified = numbers && random(2) === 0;
    const first = addRecord(rows, truth, organization, { nth, place: person.place, isVerified, numbers });
    addFacts(rows, organization, first, person);
    countPerson(truth, person, isVerified);
    const twice = person.reason === null && truth.records < size ? random(100) : 99;
    if (twice < 2) addMerged(rows, truth, organization, first);
    else if (twice < 4) addSameNumber(rows, truth, organization, { first, person, isVerified, numbers });
    else if (twice < 6) addAlike(rows, truth, organization, { nth, person, isVerified, numbers });
    if (rows.members.length >= 5_000) await write();
  }
  await write();
  await pool.query('analyze registry.members, reporting.residences, reporting.memberships, reporting.dues');
  return truth;
}

function choosePerson(place: [string, number, string], lot: number): Person {
  let [below, kind] = [0, KINDS[0]];
  for (const each of KINDS.slice(1)) {
    if (lot >= below && lot < below + each.of1000) kind = each;
    below += each.of1000;
  }
  const usual: Person = {
    place: [place[0], place[1]],
    since: '2019-05-01',
    until: null,
    dues: [PAID],
    reason: null,
    county: place[2],
  };
  return { ...usual, ...kind?.make(place) };
}

type Added = { id: string; external_id: string };
type NewRecord = { nth: number; place: Person['place']; isVerified: boolean; numbers: boolean; like?: string };

function addRecord(rows: Rows, truth: GrantTruth, organization: { id: string }, record: NewRecord): Added {
  const { nth, isVerified, numbers, like } = record;
  truth.records += 1;
  const external_id = `g${truth.records}`;
  const id = uuidOf(`${organization.id} ${external_id}`);
  const name = like ?? `${nth}`;
  const birth = new Date(Date.UTC(1930, 0, 1) + ((Number(name) * 37) % 25_000) * 86_400_000).toISOString().slice(0, 10);
  rows.members.push({
    id,
    organization_id: organization.id,
    external_id,
    given_name: `Fornavn${Number(name) % 200}`,
    family_name: `Etternavn${name}`,
    birth_date: birth,
    personnummer_index: numbers ? `v1.${id}` : null,
    personnummer_sealed: numbers ? 'a.b.c.d.e' : null,
    personnummer_masked: numbers ? '018150*****' : null,
    personnummer_source: numbers ? (isVerified ? 'vipps-login' : 'import') : null,
    merged_into: null,
  });
  return { id, external_id };
}

function addFacts(rows: Rows, organization: { id: string }, { id }: Added, person: Person): void {
  const of = { organization_id: organization.id, member_id: id };
  const residence = (known_from: string, [municipality, municipality_year]: [string, number]) =>
    rows.residences.push({
      ...of,
      known_from,
      municipality,
      municipality_year,
      municipality_written: municipality,
      address: 'Storgata 1',
      postal_code: '0001',
    });
  if (person.moved !== undefined) residence('2020-01-01', person.moved.from);
  if (person.place !== null) residence(person.moved?.on ?? '2020-01-01', person.place);
  rows.memberships.push({ ...of, since: person.since, until: person.until });
  for (const dues of person.dues) rows.dues.push({ ...of, ...dues });
}

function countPerson(truth: GrantTruth, { reason, county }: Person, isVerified: boolean): void {
  if (reason !== null) {
    truth.reasons[reason] = (truth.reasons[reason] ?? 0) + 1;
    return;
  }
  truth.counted += 1;
  if (isVerified) truth.verified += 1;
  if (county === null) truth.withoutPlace += 1;
  else truth.counties[county] = (truth.counties[county] ?? 0) + 1;
}

/** A second record that a coordinator merged into the first. The dues were paid on the second. */
function addMerged(rows: Rows, truth: GrantTruth, organization: { id: string }, first: Added): void {
  const second = addRecord(rows, truth, organization, { nth: 0, place: null, isVerified: false, numbers: false });
  Object.assign(rows.members.at(-1) as object, { merged_into: first.id });
  const paid = rows.dues.pop() as { member_id: string };
  rows.dues.push({ ...paid, member_id: second.id });
  truth.reasons.merged = (truth.reasons.merged ?? 0) + 1;
}

type Twin = { person: Person; isVerified: boolean; numbers: boolean };

/** A second record under another name, whose login brought the number of the first. Without numbers nobody can know that, and both count. */
function addSameNumber(
  rows: Rows,
  truth: GrantTruth,
  organization: { id: string },
  { first, person, numbers }: Twin & { first: Added },
): void {
  const nth = 5_000_000 + truth.records;
  const second = addRecord(rows, truth, organization, { nth, place: person.place, isVerified: false, numbers: false });
  addFacts(rows, organization, second, person);
  if (!numbers) {
    countPerson(truth, person, false);
    return;
  }
  truth.reasons.same_number = (truth.reasons.same_number ?? 0) + 1;
  rows.conflicts.push({
    organization_id: organization.id,
    kind: 'duplicate',
    member_id: second.id,
    other_member_id: first.id,
    fingerprint: `duplicate ${second.id}`,
    detail: { import_run_id: second.id },
  });
}

/** Another record of the same name and birth date: listed, unless both have verified numbers, and counted. */
function addAlike(
  rows: Rows,
  truth: GrantTruth,
  organization: { id: string },
  { nth, person, isVerified, numbers }: Twin & { nth: number },
): void {
  const other = addRecord(rows, truth, organization, {
    nth,
    place: person.place,
    isVerified,
    numbers,
    like: `${nth}`,
  });
  addFacts(rows, organization, other, person);
  countPerson(truth, person, isVerified);
  if (!isVerified) truth.alike += 2;
}

const COLUMNS: Record<keyof Rows, string> = {
  members:
    'id uuid, organization_id uuid, external_id text, given_name text, family_name text, birth_date date, personnummer_index text, personnummer_sealed text, personnummer_masked text, personnummer_source registry.source, merged_into uuid',
  residences:
    'organization_id uuid, member_id uuid, known_from date, municipality text, municipality_year integer, municipality_written text, address text, postal_code text',
  memberships: 'organization_id uuid, member_id uuid, since date, until date',
  dues: 'organization_id uuid, member_id uuid, year integer, paid_on date, amount bigint',
  conflicts:
    'organization_id uuid, kind registry.conflict_kind, member_id uuid, other_member_id uuid, fingerprint text, detail jsonb',
};

async function insert(pool: pg.Pool, table: keyof Rows, list: object[]): Promise<void> {
  if (list.length === 0) return;
  const names = COLUMNS[table]
    .split(', ')
    .map((column) => column.split(' ')[0])
    .join(', ');
  const schema = table === 'members' || table === 'conflicts' ? 'registry' : 'reporting';
  await pool.query(
    `insert into ${schema}.${table} (${names}) select ${names} from jsonb_to_recordset($1::jsonb) as t(${COLUMNS[table]})`,
    [JSON.stringify(list)],
  );
}

const uuidOf = (text: string) => {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** Whole numbers below a limit (xorshift32), the same for the same seed. */
function createRandom(seed: number): (below: number) => number {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
