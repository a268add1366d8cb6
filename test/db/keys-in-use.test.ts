import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'vitest';
import { addKari, one } from '../support/acting-callback.ts';
import type { TestDatabase } from '../support/database.ts';
import { atTheDesk, type Desk } from '../support/desk.ts';
import { addMember, sampleNumbers, sealNumber } from '../support/samples.ts';
import { begin } from '../support/waiting.ts';

// Whoever takes an old key away asks private.keys_in_use first. It must not overlook a place.

const [NUMBER, OTHER_NUMBER, THIRD_NUMBER, FOURTH_NUMBER] = sampleNumbers;
/** An index, and the header of a compact JWE with its dot, wherever they stand in a text. */
const INDEX = 'v[0-9]+[.][A-Za-z0-9_-]{43}';
const SEALED = 'eyJ[A-Za-z0-9_-]+[.]';

/** Every column of ours that holds something, as text, with how many of its rows hold such a form. */
async function columnsWith(db: TestDatabase, pattern: string): Promise<Map<string, number>> {
  const { rows } = await db.pool.query<{ place: string; query: string }>(
    `select c.oid::regclass::text as place, format('select from %s where %I::text ~ $1', c.oid::regclass, a.attname) as query
     from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
     where n.nspname in ('registry', 'sync', 'audit', 'reporting', 'graphile_worker') and c.relkind in ('r', 'p') and a.attnum > 0
       and not a.attisdropped`,
  );
  const found = new Map<string, number>();
  for (const { place, query } of rows) {
    const { rowCount } = await db.pool.query(query, [pattern]);
    if (rowCount) found.set(place, Math.max(found.get(place) ?? 0, rowCount));
  }
  return found;
}

/** At least one row in each place where a number, in whatever form, is ever kept. */
async function everyPlace({ db, callback, settle }: Desk) {
  const { organization } = callback;
  const contact = { given_name: 'Ola', family_name: 'Hansen', birth_date: null };
  await addKari(db, callback, { external_id: 'm-1', personnummer: OTHER_NUMBER });
  await addMember(db, organization, { ...contact, external_id: 'm-2', personnummer: FOURTH_NUMBER });
  await callback.login({ personnummer: NUMBER });
  await settle('accept_observed'); // members, observations, conflicts, resolutions, pushes
  const startRun = async (dryRun: boolean) => {
    const start = `select run_id as id from import.start_run($1, $2, '{personnummer}', $3)`;
    const { id } = await one<{ id: string }>(db, start, [organization.slug, 'a'.repeat(64), dryRun]);
    await db.pool.query(`select from import.accept_file($1, '{}', true, false)`, [id]);
    return id;
  };
  const load = async (run: string, from: number, externalId: string, number: string) => {
    const rows = JSON.stringify([
      { line: from + 2, external_id: externalId, ...(await sealNumber(number, organization)) },
    ]);
    await db.pool.query(`select import.load_rows($1, $2, 1, $3, '[]')`, [run, from, rows]);
  };
  const run = await startRun(false);
  await load(run, 0, 'm-1', THIRD_NUMBER); // offered_numbers
  await load(run, 1, 'm-3', FOURTH_NUMBER); // waiting_numbers
  await load(await startRun(true), 0, 'm-4', sampleNumbers[4]); // import_lines
  const receiver = (await sealNumber(NUMBER, organization)).personnummer_sealed;
  await db.pool.query(
    `update sync.member_systems set kind = 'worklist', receiver_key = '{"kty": "OKP", "crv": "X25519", "kid": "office", "x": "x"}'`,
  );
  await db.pool.query(`update sync.pushes set accepted_until = now() + interval '1 day', receiver_sealed = $1`, [
    receiver,
  ]);
  await db.pool.query(
    `insert into sync.files (organization_id, state, content, leased_by, ready_at, accept_until) values ($1, 'ready', $2, 'w', now(), now())`,
    [organization.id, receiver],
  );
}

test('every column in which a number is kept in any form is counted, and there is no other', () =>
  atTheDesk(async (desk) => {
    const { db } = desk;
    await everyPlace(desk);
    const { rows } = await db.pool.query('select kind, key, place, rows::int from private.keys_in_use()');
    for (const [kind, pattern] of Object.entries({ index: INDEX, sealed: SEALED })) {
      const counted = rows.filter((row) => row.kind === kind);
      const found = await columnsWith(db, pattern);
      assert.deepEqual(counted.map(({ place }) => place).toSorted(), [...found.keys()].toSorted(), kind);
      for (const { place, key, rows: n } of counted) assert.equal(n, found.get(place), `${kind} ${key} ${place}`);
    }
    const { rows: named } = await db.pool.query<{ place: string }>(
      `select distinct c.oid::regclass::text as place from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid
       where n.nspname in ('registry', 'sync', 'reporting') and c.relkind in ('r', 'p') and a.attname ~ '(personnummer|receiver)_(index|sealed)'`,
    );
    const places = new Set(rows.map(({ place }) => place));
    const overlooked = named.map(({ place }) => place).filter((place) => !places.has(place));
    assert.deepEqual(overlooked, [], 'a column with such a name is in a place that is counted');
  }));

test('a key is named by its version, a sealing key by its kid; a row that knows a newer version does not need the older one', () =>
  atTheDesk(async ({ db, callback }) => {
    await addKari(db, callback, { personnummer: OTHER_NUMBER });
    const { personnummer_index, ...sealed } = await sealNumber(NUMBER, callback.organization);
    await callback.login({ ...sealed, personnummer_index });
    const inUse = async () =>
      (await db.pool.query('select kind, key, place, rows::int from private.keys_in_use()')).rows.map(
        ({ kind, key, place, rows }) => `${kind} ${key} ${place} ${rows}`,
      );
    const [kid] = (await inUse()).flatMap((line) => /^sealed (\S+) registry\.members/.exec(line)?.[1] ?? []);
    assert.equal(
      kid,
      JSON.parse(Buffer.from(sealed.personnummer_sealed.split('.')[0] as string, 'base64url').toString()).kid,
    );
    assert.ok((await inUse()).includes('index v1 registry.conflicts 1'));
    const newer = { personnummer_index: `v2.${'n'.repeat(43)}`, personnummer_index_previous: [personnummer_index] };
    await callback.login({ ...sealed, ...newer });
    const now = await inUse();
    assert.ok(
      now.includes('index v2 registry.conflicts 1') &&
        !now.some((line) => line.startsWith('index v1 registry.conflicts')),
    );
    assert.ok(now.includes('index v1 registry.observations 1') && now.includes('index v2 registry.observations 1'));
  }));

test('every place that keeps a number sealed is made anew under the next key, its case along with it, and undo brings the new form back', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator } = desk;
    await everyPlace(desk);
    const worker = db.poolFor('sync_worker');
    /** The same number's index under the next key, as one that only the old index is known of. */
    const renewed = (index: string) => `v2.${createHash('sha256').update(index).digest('base64url')}`;
    for (const place of ['observations', 'offered_numbers', 'resolutions', 'members']) {
      const page = () =>
        worker.query<{
          id: string;
          nth: number;
          personnummer_index: string | null;
          personnummer_sealed: string | null;
        }>(`select * from worker.numbers_to_renew($1, null, 100, 'v2', null)`, [place]);
      const due = (await page()).rows.filter((row) => row.personnummer_sealed !== null);
      assert.ok(due.length > 0, place);
      const renewals = due.map(({ id, nth, personnummer_index, personnummer_sealed: sealed }) => ({
        ...{ id, nth, old_index: personnummer_index, index: renewed(personnummer_index ?? ''), sealed },
      }));
      const renew = async () =>
        (await worker.query('select worker.renew_numbers($1, $2) as n', [place, JSON.stringify(renewals)])).rows[0].n;
      assert.equal(await renew(), due.length, place);
      assert.equal(await renew(), 0, 'done twice, it changes nothing');
      assert.deepEqual(
        (await page()).rows.filter((row) => row.personnummer_sealed !== null),
        [],
      );
    }
    const { rows } = await db.pool.query<{ place: string }>(`select place from private.key_is_needed('index', 'v1')`);
    // What an import holds until it ends.
    assert.deepEqual(
      rows.map(({ place }) => place),
      ['registry.import_lines', 'registry.waiting_numbers'],
    );
    const { conflict_id, id } = await one<{ conflict_id: string; id: string }>(
      db,
      `select r.conflict_id, c.member_id as id from registry.resolutions as r join registry.conflicts as c on c.id = r.conflict_id`,
    );
    assert.equal((await coordinator.call('undo_resolution', conflict_id, null)).code, undefined);
    const before = (await sealNumber(OTHER_NUMBER, desk.callback.organization)).personnummer_index;
    const { personnummer_index } = await one<{ personnummer_index: string }>(
      db,
      `select personnummer_index from registry.members where id = '${id}'`,
    );
    assert.equal(personnummer_index, renewed(before));
  }));

test('a member that somebody holds, and a number that two records would have, are left as they are', () =>
  atTheDesk(async ({ db, callback }) => {
    const kari = await addKari(db, callback, { personnummer: NUMBER });
    const twin = { ...(await sealNumber(NUMBER, callback.organization)), personnummer_index: `v2.${'t'.repeat(43)}` };
    await addMember(db, callback.organization, { given_name: 'Ola', ...twin });
    const { personnummer_index: old_index } = await sealNumber(NUMBER, callback.organization);
    const renewal = { id: kari.id, nth: 1, old_index, index: `v2.${'n'.repeat(43)}`, sealed: twin.personnummer_sealed };
    const renew = async (change: object = {}) =>
      (
        await db
          .poolFor('sync_worker')
          .query(`select worker.renew_numbers('members', $1) as n`, [JSON.stringify([{ ...renewal, ...change }])])
      ).rows[0].n;
    {
      await using other = await begin(db);
      await other.query('select from registry.members where id = $1 for no key update', [kari.id]);
      assert.equal(await renew(), 0);
      await other.query('rollback');
    }
    assert.equal(await renew({ index: twin.personnummer_index }), 0);
    assert.equal(await renew(), 1);
  }));
