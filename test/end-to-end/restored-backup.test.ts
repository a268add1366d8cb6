import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, test } from 'vitest';
import { migrate } from '../../db/migrate.ts';
import { openErasureLedger } from '../../runtime/erasure-ledger.ts';
import { restore } from '../db/support/restored.ts';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { bareEnvironment } from '../support/bare-environment.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { dump } from '../support/pg-dump.ts';
import { pushWorker } from '../support/push-worker.ts';
import { addMember, sampleNumbers, testKeys } from '../support/samples.ts';
import { until } from '../support/until.ts';

// A backup is taken, a person is erased, and the backup comes back. Every program is started on it as production starts it.

const folder = mkdtempSync(join(tmpdir(), 'restored-'));
const LEDGER = join(folder, 'erasures.ndjson');
const csv = join(folder, 'members.csv');
const invoices = join(folder, 'invoices.csv');
const name = `test_restored_${randomBytes(4).toString('hex')}`;

let db: TestDatabase;
let restored: pg.Pool;
let erased: { memberId: string; erasureId: string };
let organization: { id: string; slug: string };
const running: ChildProcess[] = [];

const urlFor = (role: Parameters<TestDatabase['urlFor']>[0]) =>
  Object.assign(new URL(db.urlFor(role)), { pathname: `/${name}` }).href;

beforeAll(async () => {
  writeFileSync(LEDGER, '');
  db = await createTestDatabase();
  const callback = await actAsCallback(db);
  organization = callback.organization;
  const kari = await addKari(db, callback, { external_id: 'kari' });
  await addMember(db, callback.organization, { external_id: 'ola', given_name: 'Ola' });
  await callback.login({ personnummer: sampleNumbers[0] });
  const push = await one<{ id: string }>(db, 'select id from sync.pushes');
  await pushWorker(db).attempt(push.id, { result: 'delivered', status: 200 });
  const backup = await dump(db.ownerUrl);

  const worker = db.poolFor('sync_worker');
  const { rows: announced } = await worker.query('select * from worker.announce_erasure($1, $2, $3)', [
    organization.slug,
    'kari',
    'asked by letter',
  ]);
  erased = { memberId: kari.id, erasureId: announced[0].erasure_id };
  const { rows } = await worker.query('select * from worker.read_erasure($1)', [erased.erasureId]);
  await openErasureLedger({ path: LEDGER }, 'local').record(rows[0]);
  await worker.query('select worker.finish_erasure($1, true)', [erased.erasureId]);

  await db.pool.query(`create database ${name}`);
  const url = Object.assign(new URL(db.ownerUrl), { pathname: `/${name}` }).href;
  assert.deepEqual(await restore(url, backup), []);
  await migrate({ databaseUrl: url });
  restored = new pg.Pool({ connectionString: url, max: 2 });
});

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await restored?.end();
  await db?.pool.query(`drop database if exists ${name} with (force)`);
  await db?.[Symbol.asyncDispose]();
});

/** A program in a process of its own, with the settings that production would give it. */
function start(role: Parameters<TestDatabase['urlFor']>[0], file: string, words: string[] = [], ledger = LEDGER) {
  const child = spawn(process.execPath, [file, ...words], {
    env: {
      ...bareEnvironment(),
      ...testKeys().environment,
      DEPLOYMENT: 'local',
      DATABASE_URL: urlFor(role),
      PUBLIC_URL: 'http://localhost:1',
      HOST: '127.0.0.1',
      PORT: '0',
      ERASURE_LEDGER: ledger,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (output += data));
  const ended = once(child, 'close').then(([code]) => code as number);
  return { child, output: () => output, ended };
}

/** Every program, and what it says when it works, or when it has come as far as its organisation's rows, which are not there. */
const PROGRAMS = {
  callback: ['auth_callback', 'auth-callback/main.ts', [], '"listening"'],
  worker: ['sync_worker', 'worker/main.ts', [], 'worker started'],
  import: ['member_importer', 'members-import/main.ts', ['--organization', 'SLUG', '--partial', csv], '1 row in'],
  'invoices:issue': [
    'member_importer',
    'invoices/main.ts',
    ['--organization', 'SLUG', invoices],
    'the organisation has no issuer',
  ],
  drift: ['sync_worker', 'worker/check-drift.ts', ['--organization', 'SLUG'], 'set read_url_template'],
  'member-system:check': [
    'sync_worker',
    'worker/check-member-system.ts',
    ['--organization', 'SLUG'],
    'the row is complete',
  ],
  'provider:check': [
    'auth_callback',
    'auth-callback/provider-check.ts',
    ['--organization', 'SLUG', '--provider', 'bankid'],
    'there is no enabled row',
  ],
  'member:export': [
    'sync_worker',
    'worker/export-member.ts',
    ['--organization', 'SLUG', '--member', 'ola', join(folder, 'ola.json')],
    'written to',
  ],
} as const;

const startProgram = (which: keyof typeof PROGRAMS, ledger?: string) => {
  const [role, file, words] = PROGRAMS[which];
  return start(
    role,
    file,
    words.map((word) => word.replace('SLUG', organization.slug)),
    ledger,
  );
};

const all = (action: (which: keyof typeof PROGRAMS) => Promise<void>) =>
  Promise.all((Object.keys(PROGRAMS) as (keyof typeof PROGRAMS)[]).map(action));

test('every program refuses the backup, says why, and changes nothing', async () => {
  writeFileSync(csv, 'external_id;given_name\nola;Ola\n');
  const columns = 'invoice_number;member;amount;due_date;document_reference;description';
  writeFileSync(invoices, `${columns}\nF-1;ola;450,00;2099-12-31;F-1;Kontingent\n`);
  await all(async (which) => {
    const program = startProgram(which);
    assert.equal(await program.ended, which === 'provider:check' ? 2 : 1, which);
    assert.match(program.output(), /erasure_missing/, which);
    assert.match(program.output(), /erasures:replay/, which);
  });
  const { rows } = await restored.query('select count(*)::int as n from registry.import_runs');
  assert.equal(rows[0].n, 0);
});

test('a ledger that cannot be read is said, and nobody is served', async () => {
  const program = startProgram('callback', join(folder, 'nowhere'));
  assert.equal(await program.ended, 1);
  assert.match(program.output(), /erasure_ledger_unreachable/);
});

test('replayed, twice: the person is gone here too, the erasure is the same one, and the import knows the number', async () => {
  // Somebody let Kari in again before anybody thought of the ledger: under another number, as another record.
  await restored.query(
    `insert into registry.members (organization_id, external_id, given_name) values ($1, 'kari again', 'Kari')`,
    [organization.id],
  );
  for (const carriedOut of [1, 0]) {
    const replay = start('sync_worker', 'worker/replay-erasures.ts');
    assert.equal(await replay.ended, 0, replay.output());
    assert.match(replay.output(), new RegExp(`carried out again +${carriedOut}\n`));
  }
  const { rows } = await restored.query(
    `select m.given_name, m.personnummer_masked, m.erasure_id, e.state, r.external_id_digest is not null as known,
            (select count(*)::int from sync.pushes as p where p.member_id = m.id and p.removal and p.settled_at is null) as removals
     from registry.members as m join audit.erasures as e on e.id = m.erasure_id
     join audit.erased_records as r on r.member_id = m.id where m.id = $1`,
    [erased.memberId],
  );
  assert.deepEqual(rows, [
    {
      given_name: null,
      personnummer_masked: null,
      erasure_id: erased.erasureId,
      state: 'erased',
      known: true,
      removals: 1,
    },
  ]);
  const { rows: others } = await restored.query(
    `select external_id, given_name from registry.members where erasure_id is null order by 1`,
  );
  assert.deepEqual(others, [
    { external_id: 'kari again', given_name: 'Kari' },
    { external_id: 'ola', given_name: 'Ola' },
  ]);
  const { rows: said } = await restored.query(
    `select count(*)::int as n from audit.events where event = 'erasure_replayed'`,
  );
  assert.equal(said[0].n, 1);
});

test('then every program serves', () =>
  all(async (which) => {
    const program = startProgram(which);
    const [, , , says] = PROGRAMS[which];
    await until(`${which} works`, () => {
      assert.ok(program.output().includes(says) || program.child.exitCode === null, `${which}: ${program.output()}`);
      return program.output().includes(says);
    });
    program.child.kill('SIGTERM');
    await program.ended;
  }));

test('a ledger that lacks what was erased here gets it', async () => {
  const lost = join(folder, 'lost.ndjson');
  writeFileSync(lost, '');
  const replay = start('sync_worker', 'worker/replay-erasures.ts', [], lost);
  assert.equal(await replay.ended, 0, replay.output());
  assert.match(replay.output(), /written into the ledger 1\n/);
  const [line] = await openErasureLedger({ path: lost }, 'local').read();
  const [original] = await openErasureLedger({ path: LEDGER }, 'local').read();
  assert.deepEqual([line?.erasure, line?.records], [original?.erasure, original?.records]);
});
