import assert from 'node:assert/strict';
import { afterAll, beforeAll, test } from 'vitest';
import { actAsCallback, type Login, one } from '../support/acting-callback.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { inCase } from '../support/in-case.ts';
import { addMember } from '../support/samples.ts';

// The people of cases/import/members-with-particles.csv, and two with a D-number.
const OMAR = { given_name: 'Omar', family_name: 'Al Said', birth_date: '1974-01-11', personnummer: '11817470086' };
const MARIA = { given_name: 'Maria', family_name: 'de Silva', birth_date: '1974-01-12', personnummer: '12817470015' };
const JENS = { given_name: 'J. P.', family_name: 'Berg', birth_date: '1974-01-13', personnummer: '13817470054' };
const GUDRUN = {
  given_name: 'Guðrún',
  family_name: 'Þórsdóttir',
  birth_date: '1974-01-14',
  personnummer: '14817470093',
};
const OLENA = { given_name: 'Olena', family_name: 'Kovalenko', birth_date: '1994-02-12', personnummer: '52829431130' };

const NOTHING_ELSE = { birth_date: null, phone: null, phone_verified: false, email: null, email_verified: false };

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

/** What a login with that number comes to, where the record is as given. */
async function outcomeOf(record: Record<string, unknown>, login: Login) {
  const callback = await actAsCallback(db);
  const member = await addMember(db, callback.organization, record);
  const answer = await callback.login({ ...NOTHING_ELSE, ...login });
  const where = 'where organization_id = $1';
  const [stored, conflict, pushes] = [
    await one(db, `select version from registry.members ${where}`, [callback.organization.id]),
    await one(db, `select kind, detail from registry.conflicts ${where}`, [callback.organization.id]),
    await one(db, `select count(*)::int as n from sync.pushes ${where}`, [callback.organization.id]),
  ];
  assert.equal(stored.version, 1, 'the record is untouched');
  assert.equal(pushes.n, 0);
  assert.equal(answer.member_id, answer.outcome === 'name_mismatch' ? null : member.id);
  assert.equal(conflict?.kind, answer.outcome === 'name_mismatch' ? 'name_mismatch' : undefined);
  return { outcome: answer.outcome, disagreed: conflict?.detail.disagreed };
}

const named = (given_name: string | null, family_name: string | null) => ({ given_name, family_name });

const WITH_THE_NUMBER: [what: string, record: typeof OMAR, login: Login, outcome: string][] = [
  ['a shared Al', OMAR, named('Fatima', 'Al Nouri'), 'name_mismatch'],
  ['a lone Al', OMAR, named('Al', 'Al'), 'name_mismatch'],
  ['a shared de', MARIA, named('Ana', 'de Souza'), 'name_mismatch'],
  ['a lone de', MARIA, named('de', 'de'), 'name_mismatch'],
  ['a shared initial', JENS, named('Jens P.', 'Moe'), 'name_mismatch'],
  ['initials written together', JENS, named('J.P.', 'Moe'), 'name_mismatch'],
  ['a dash', OMAR, named('-', '-'), 'name_mismatch'],
  ['zero-width characters', OMAR, named('\u200b', '\u2060\u200d'), 'name_mismatch'],
  ['a Hangul filler', OMAR, named('\u3164', '\u3164'), 'name_mismatch'],
  ['the same name', OMAR, named('Omar', 'Al Said'), 'confirmed'],
  ['a family name written together', OMAR, named('OMAR', 'ALSAID'), 'confirmed'],
  ['a new family name', MARIA, named('Maria', 'de Souza'), 'confirmed'],
  ['Icelandic letters in capitals', GUDRUN, named('GUÐRÚN', 'ÞÓRSDÓTTIR'), 'confirmed'],
  ['Icelandic letters as in a passport', GUDRUN, named('Gudrun', 'Thorsdottir'), 'confirmed'],
  ['no name at all', OMAR, named(null, null), 'confirmed'],
];

test("with the number, a name that shares no word that tells people apart is somebody else's", async () => {
  for (const [what, record, login, outcome] of WITH_THE_NUMBER) {
    await inCase(`${what}: ${outcome}`, async () => {
      assert.equal((await outcomeOf(record, { personnummer: record.personnummer, ...login })).outcome, outcome);
    });
  }
});

const BORN: [what: string, record: Record<string, unknown>, login: Login, outcome: string][] = [
  ['a new family name, born otherwise', { ...MARIA, birth_date: '1974-01-13' }, named('Maria', 'Lie'), 'name_mismatch'],
  ['a new family name, a century apart', { ...MARIA, birth_date: '1874-01-12' }, named('Maria', 'Lie'), 'confirmed'],
  ['a new family name, no birth date', { ...MARIA, birth_date: null }, named('Maria', 'Lie'), 'confirmed'],
  ['the whole name, born otherwise', { ...MARIA, birth_date: '1974-01-13' }, named('Maria', 'de Silva'), 'confirmed'],
  ['no name, born otherwise', { ...MARIA, birth_date: '1974-01-13' }, named(null, null), 'name_mismatch'],
  ['a D-number and a new family name', OLENA, named('Olena', 'Hansen'), 'confirmed'],
  [
    'a D-number, a new family name, the day written as in the number',
    { ...OLENA, birth_date: '1994-02-13' },
    named('Olena', 'Hansen'),
    'name_mismatch',
  ],
  [
    "somebody of the family whose record has the other one's number",
    { ...OMAR, given_name: 'Layla', birth_date: '2001-05-17' },
    named('Omar', 'Al Said'),
    'name_mismatch',
  ],
];

test("with the number and part of the name, a birth date that is not the number's own is a disagreement", async () => {
  for (const [what, record, login, outcome] of BORN) {
    await inCase(`${what}: ${outcome}`, async () => {
      const found = await outcomeOf(record, { personnummer: record.personnummer as string, ...login });
      assert.equal(found.outcome, outcome);
      if (outcome === 'name_mismatch') assert.ok(found.disagreed.includes('birth_date_of_number'), 'the case says why');
    });
  }
});

const TWIN = { ...named('Leif', 'Al Said'), personnummer: OMAR.personnummer };
const OTHERWISE = { phone: '+4794000003', email: 'leif@example.org', phone_verified: true, email_verified: true };
const REACHED = { phone: '+4794000004', email: 'omar@example.org' };

/** The number of one twin on the record of the other: the same family name, and mostly the same birth date. */
const TWINS: [what: string, record: Record<string, unknown>, login: Login, outcome: string][] = [
  ['phone and e-mail differ', { ...OMAR, ...REACHED }, { ...TWIN, ...OTHERWISE }, 'name_mismatch'],
  ['the phone differs', { ...OMAR, phone: REACHED.phone }, { ...TWIN, ...OTHERWISE }, 'name_mismatch'],
  ['the phone agrees', { ...OMAR, ...REACHED }, { ...TWIN, ...OTHERWISE, phone: REACHED.phone }, 'confirmed'],
  ['nothing but the birth date of the number', OMAR, TWIN, 'confirmed'],
  ['nothing at all', { ...OMAR, birth_date: null }, TWIN, 'name_mismatch'],
  [
    'an initial, phone and e-mail differ',
    { ...OMAR, ...REACHED, given_name: 'L.' },
    { ...TWIN, ...OTHERWISE },
    'confirmed',
  ],
  ['no given name', { ...OMAR, birth_date: null, given_name: null }, TWIN, 'confirmed'],
  ['names the other way round', { ...OMAR, birth_date: null, ...named('Al Said', 'Leif') }, TWIN, 'confirmed'],
  ['a new family name', { ...OMAR, ...REACHED }, { ...TWIN, ...OTHERWISE, ...named('Omar', 'Lie') }, 'confirmed'],
];

test('with the number and only the family name in common, something else has to agree', async () => {
  for (const [what, record, login, outcome] of TWINS) {
    await inCase(`${what}: ${outcome}`, async () => {
      assert.equal((await outcomeOf(record, login)).outcome, outcome);
    });
  }
});

const CONTACT = { phone: '+4794000002', email: 'kåre.ødegård@example.org' };

test('with phone and e-mail, a given name and a particle are no full agreement; letters are forgiven', async () => {
  const verified = { ...CONTACT, phone_verified: true, email_verified: true };
  const { personnummer: _, ...maria } = MARIA;
  const withContact = { ...maria, ...CONTACT };
  assert.equal((await outcomeOf(withContact, { ...verified, ...named('Maria', 'de Souza') })).outcome, 'name_mismatch');
  assert.equal((await outcomeOf(withContact, { ...verified, ...named('MARIA', 'Desilva') })).outcome, 'absent');
});

test('a record without a birth date has that of its number', async () => {
  const contact = { phone: '+4794000005', email: 'ali@example.org' };
  const father = { ...named('Ali Mohammed', 'Jaber'), ...contact, birth_date: null, personnummer: '11817470086' };
  const son = { ...named('Ali', 'Jaber'), ...contact, phone_verified: true, email_verified: true };
  const born = async (birth_date: string | null) => (await outcomeOf(father, { ...son, birth_date })).outcome;
  assert.equal(await born('1999-02-20'), 'name_mismatch');
  assert.equal(await born('1974-01-11'), 'absent');
  assert.equal(await born(null), 'absent');
});

test('with an e-mail address in other letters, composed or not, the member is found', async () => {
  const record = { ...named('Kåre', 'Ødegård'), ...CONTACT };
  const login = { ...named('Kåre', 'Ødegård'), phone: CONTACT.phone, phone_verified: true, email_verified: true };
  for (const email of [
    'KÅRE.ØDEGÅRD@EXAMPLE.ORG',
    'ka\u030are.ødega\u030ard@example.org',
    'kåre.\u00adødegård@example.org\u200f',
  ]) {
    assert.equal((await outcomeOf(record, { ...login, email })).outcome, 'absent', email);
  }
});

test('an e-mail address is looked up by the index of its key', async () => {
  const client = await db.pool.connect();
  try {
    await client.query('set enable_seqscan = off');
    const { rows } = await client.query(
      `explain select from registry.members as m where m.organization_id = gen_random_uuid()
         and private.email_key(m.email) = private.email_key('KÅRE@example.org')`,
    );
    assert.match(rows.map((row) => row['QUERY PLAN']).join('\n'), /members_email/);
  } finally {
    client.release(true);
  }
});
