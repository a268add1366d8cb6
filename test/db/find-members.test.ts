import assert from 'node:assert/strict';
import { test } from 'vitest';
import { one } from '../support/acting-callback.ts';
import { atTheDesk, type Desk } from '../support/desk.ts';
import { addMember, addOrganization, decoyNumber, sampleNumbers } from '../support/samples.ts';

const [NUMBER] = sampleNumbers;

const PEOPLE = {
  aase: { given_name: 'Åse Marie', family_name: 'Ødegård', birth_date: '1980-01-02', external_id: 'NHF-1001' },
  omar: { given_name: 'Omar', family_name: 'Al-Nouri', email: 'Omar@Example.no', phone: '+4790000011' },
  kari: { given_name: 'Kari', family_name: "O'Brien Moe", birth_date: '1980-01-02', phone: '+4670000012' },
  karin: { given_name: 'Karin', family_name: 'Hansen', external_id: '90000011' },
};

async function withPeople(
  action: (find: (query: unknown, most?: number) => Promise<string[]>, desk: Desk) => Promise<void>,
) {
  await atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    const names = new Map<string, string>();
    for (const [name, columns] of Object.entries(PEOPLE)) {
      names.set((await addMember(db, callback.organization, columns)).id, name);
    }
    const foreign = await addOrganization(db);
    await addMember(db, foreign, { ...PEOPLE.kari, external_id: 'NHF-1001' });
    await action(async (query, most) => {
      const reply = await coordinator.call('find_members', query, ...(most === undefined ? [] : [most]));
      if (reply.code !== undefined) return [reply.code];
      return (reply.members as { id: string }[]).map(({ id }) => names.get(id) ?? 'somebody else');
    }, desk);
  });
}

const SEARCHES: [query: string, found: string[]][] = [
  ['kari', ['karin', 'kari']],
  ['KARI MOE', ['kari']],
  ['moe kari', ['kari']],
  ['aa', ['omar', 'aase']],
  ["kari o'brien", ['kari']],
  ['Aase', ['aase']],
  ['åse ødeg', ['aase']],
  ['odegaard', ['aase']],
  ['nouri', ['omar']],
  ['al nou', ['omar']],
  ['2.1.1980', ['kari', 'aase']],
  ['02.01.1980 mo', ['kari']],
  ['1980-01-02', ['kari', 'aase']],
  ['kari 1981-01-02', []],
  ['omar@example.NO', ['omar']],
  ['omar@example', []],
  ['+47 900 00 011', ['omar']],
  ['900 00 011', ['omar']],
  ['0047 90000011', ['omar']],
  ['90000011', ['omar', 'karin']],
  ['+46 70 000 012', ['kari']],
  ['NHF-1001', ['aase']],
  ['12345', []],
  ['nobody', []],
  ["'; drop table registry.members; --", []],
  ['ka:* | omar', []],
  ['', ['query_unusable']],
  ['   ', ['query_unusable']],
  ['k', ['query_unusable']],
  ['kari m', ['query_unusable']],
  ['31.02.1980', ['query_unusable']],
  ['x'.repeat(201), ['query_unusable']],
];

test('a member is found by words of the name, birth date, phone, e-mail address or member number', () =>
  withPeople(async (find) => {
    for (const [query, found] of SEARCHES) assert.deepEqual(await find(query), found, query);
    assert.deepEqual(await find(null), ['query_unusable']);
  }));

test('nobody is found by a personnummer, or by a part of it', () =>
  withPeople(async (find, { db, callback }) => {
    await addMember(db, callback.organization, { given_name: 'Numbered', personnummer: NUMBER });
    // The server's log has what was searched for, so it is a number that the search for leaks does not look for.
    const written = [decoyNumber, `${decoyNumber.slice(0, 6)} ${decoyNumber.slice(6)}`, `kari ${decoyNumber}`];
    for (const query of written) assert.deepEqual(await find(query), ['number_in_query']);
    for (const query of [NUMBER.slice(6), NUMBER.slice(0, 7), `${NUMBER.slice(0, 6)}*****`]) {
      assert.ok(!(await find(query)).includes('somebody else'), query);
    }
    const { n } = await one(
      db,
      `select count(*)::int as n from audit.events where detail::text ~ '[0-9]{11}' or message ~ '[0-9]{11}'`,
    );
    assert.equal(n, 0);
  }));

test('what is changed on a record is found by what it says now', () =>
  withPeople(async (find, { db }) => {
    await db.pool.query(`update registry.members set family_name = 'Nyholm' where external_id = '90000011'`);
    assert.deepEqual(await find('karin hansen'), []);
    assert.deepEqual(await find('karin nyholm'), ['karin']);
    await db.pool.query(`update registry.members set birth_date = '1990-05-06' where external_id = '90000011'`);
    assert.deepEqual(await find('6.5.1990'), ['karin']);
  }));

test('of many only as many as were asked for are shown, and it is said that there are more', () =>
  withPeople(async (find, { coordinator }) => {
    const reply = await coordinator.call('find_members', 'kari', 1);
    assert.deepEqual([(reply.members as unknown[]).length, reply.more], [1, true]);
    assert.equal((await coordinator.call('find_members', 'kari', 2)).more, false);
    for (const most of [0, -1, 51]) assert.deepEqual(await find('kari', most), ['limit_unusable']);
  }));

test('a settled case can be looked up, with until when it can be taken back, and is gone from there when it is', () =>
  atTheDesk(async ({ db, callback, coordinator, settle }) => {
    await addMember(db, callback.organization, { ...PEOPLE.omar, personnummer: NUMBER });
    const omar = {
      subject: 'omar',
      given_name: 'Omar',
      family_name: 'Al Nouri',
      email: 'omar@example.no',
      phone: null,
    };
    for (const personnummer of [NUMBER, sampleNumbers[1]]) await callback.login({ ...omar, personnummer });
    const settled = () => coordinator.query<Record<string, unknown>>('select * from api.settled_conflicts');
    assert.deepEqual(await settled(), []);
    const { conflict_id, undo_until } = await settle('keep_existing');
    const [row] = await settled();
    assert.equal(row?.id, conflict_id);
    assert.deepEqual(
      [row?.decision, row?.note, row?.decided_by],
      ['keep_existing', 'seen the papers', coordinator.userId],
    );
    assert.equal(new Date(row?.undo_until as string).getTime(), new Date(undo_until as string).getTime());
    assert.doesNotMatch(JSON.stringify(row), /[0-9]{11}/);
    const shift = (by: string) =>
      db.pool.query('update registry.resolutions set decided_at = decided_at + $1::interval where conflict_id = $2', [
        by,
        conflict_id,
      ]);
    await shift('-31 days');
    assert.equal(
      (await settled())[0]?.undo_until,
      null,
      'whether it is too late is not for whoever reads it to work out',
    );
    assert.equal((await coordinator.call('undo_resolution', conflict_id, null)).code, 'too_late');
    await shift('31 days');
    await coordinator.call('undo_resolution', conflict_id, null);
    assert.deepEqual(await settled(), []);
  }));
