import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, test } from 'vitest';
import { openCheckpoint, readContinuation } from '../../audit-seal/checkpoint.ts';
import { hashEvent, hashEventRow, selectSealedColumns } from '../../audit-seal/event.ts';
import { createSealingKey, parseVerifierKey, type Verifier } from '../../audit-seal/note.ts';
import { isIncluded } from '../../audit-seal/tree.ts';
import { runVerify } from '../../audit-tools/run-verify.ts';
import { runWitness } from '../../audit-tools/run-witness.ts';
import { startCallback } from '../auth-callback/support/world.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { testKeys } from '../support/keys.ts';
import { addEvents, createTestSealer, horizonPasses, tamper } from '../support/sealing.ts';

type Run = { code: number; said: string; complained: string };
const key = testKeys().environment.AUDIT_VERIFIER_KEYS;

async function run(program: typeof runVerify, args: string[], environment: Record<string, string> = {}): Promise<Run> {
  const said: string[] = [];
  const complained: string[] = [];
  const code = await program(args, environment, {
    say: (line) => said.push(line),
    complain: (text) => complained.push(text),
    progress: () => undefined,
  });
  return { code, said: said.join('\n'), complained: complained.join('\n') };
}

let folder: string;
let db: TestDatabase;
let file: string;
let files = 0;
const seal = async () => {
  await horizonPasses(db);
  return (await createTestSealer(db.poolFor('sync_worker'))).round();
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'witness-'));
});
beforeEach(async () => {
  await db?.[Symbol.asyncDispose]();
  db = await createTestDatabase();
  file = join(folder, `${++files}.jsonl`);
});
afterAll(async () => {
  await db[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** A callback that has looked at nothing yet, and what it answers. */
async function visit(address: string): Promise<{ status: number; body: string; type: string | null }> {
  await using callback = await startCallback(db);
  const response = await fetch(`${callback.url}/.well-known/audit-checkpoint${address}`);
  return { status: response.status, body: await response.text(), type: response.headers.get('content-type') };
}

/** One run of `npm run audit:witness` against a callback that has looked at nothing yet. */
async function witness(keys = key, ...more: string[]): Promise<Run> {
  await using callback = await startCallback(db);
  return await run(runWitness, [`${callback.url}/`, '--key', keys, '--file', file, ...more]);
}

const verify = (...args: string[]) =>
  run(runVerify, args, { DATABASE_URL: db.urlFor('auditor_login'), AUDIT_VERIFIER_KEYS: key });

test('the callback shows the newest checkpoint and proves that it goes on from any other', async () => {
  assert.equal((await visit('')).status, 404);
  assert.equal((await visit('/consistency?from=1')).status, 404);
  await addEvents(db, 300);
  await seal();
  const { status, body, type } = await visit('');
  assert.deepEqual([status, type], [200, 'text/plain; charset=UTF-8']);
  assert.match(body, /^localhost\/audit\n300\n[A-Za-z0-9+/]{43}=\n\n— localhost\/audit [A-Za-z0-9+/=]+\n$/);
  for (const from of [1, 255, 256, 257, 299]) {
    const continuation = readContinuation((await visit(`/consistency?from=${from}`)).body);
    assert.deepEqual([continuation.old, continuation.note], [from, body]);
    assert.ok(continuation.proof.length > 0);
  }
  assert.deepEqual(readContinuation((await visit('/consistency?from=300')).body).proof, []);
  const ahead = await visit('/consistency?from=301');
  assert.deepEqual([ahead.status, ahead.body, ahead.type], [409, '300\n', 'text/x.tlog.size']);
  for (const from of ['', '0', '-1', '01', 'x', '1e3', '99999999999999999999']) {
    assert.equal((await visit(`/consistency?from=${from}`)).status, 400, from);
  }
});

test('a witness keeps what it is shown, and asks whether it goes on', async () => {
  const early = await witness();
  assert.deepEqual([early.code, early.complained.replace(/http\S+/, 'URL')], [2, 'URL answered 404']);
  await addEvents(db, 3);
  await seal();
  assert.match((await witness()).said, /first checkpoint is kept: 3 events of localhost\/audit/);
  assert.match((await witness()).said, /^3 events, 0 of them new/);
  await addEvents(db, 2);
  await seal();
  assert.match((await witness()).said, /^5 events, 2 of them new; what was before is the same/);
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  assert.equal(lines.length, 2, 'one line for each size');
  assert.match(JSON.parse(lines[1] as string).time, /^20\d\d-/);
  const report = await verify('--witness', file);
  assert.deepEqual([report.code, report.complained], [0, '']);
  assert.match(report.said, /5 sealed events[\s\S]*Nothing wrong was found/);
});

const cutTail = () =>
  tamper(
    db,
    ...['salts', 'leaves'].map((table) => `delete from audit.${table} where event_id > 3`),
    'delete from audit.events where id > 3',
    'delete from audit.checkpoints where tree_size > 3',
  );

async function seenFive() {
  await addEvents(db, 3);
  await seal();
  await addEvents(db, 2);
  await seal();
  const { code, complained } = await witness();
  assert.deepEqual([code, complained], [0, '']);
}

test('a restored backup is older, and no longer when it was signed on: then it is rewritten, and the proof is kept', async () => {
  await seenFive();
  await cutTail();
  const older = await witness();
  assert.deepEqual([older.code, /\(older\)$/.test(older.said)], [1, true], older.said);
  await addEvents(db, 4, 'another');
  await seal();
  const rewritten = await witness();
  assert.deepEqual([rewritten.code, /\(rewritten\)$/.test(rewritten.said)], [1, true], rewritten.said);
  const last = JSON.parse((await readFile(file, 'utf8')).trim().split('\n').at(-1) as string);
  assert.equal(last.code, 'rewritten');
  assert.equal(readContinuation(last.answer).old, 5);
  assert.equal((await witness()).code, 1, 'it stays found');
  const report = await verify('--witness', file);
  assert.deepEqual([report.code, /First: .*witness_contradicted/.test(report.said)], [1, true], report.said);
});

test('an accepted restore goes on in a new epoch, and says so', async () => {
  await seenFive();
  await cutTail();
  const found = await verify('--witness', file);
  assert.deepEqual([found.code, /First: .*\(witness_ahead\)/.test(found.said)], [1, true], found.said);
  const asOwner = { DATABASE_URL: db.ownerUrl, AUDIT_VERIFIER_KEYS: key };
  const accepted = await run(runVerify, ['--witness', file, '--accept-restore'], asOwner);
  assert.deepEqual([accepted.code, accepted.complained], [0, '']);
  assert.match(accepted.said, /goes on in epoch 2/);
  await seal();
  const report = await verify();
  assert.equal(report.code, 0);
  assert.match(report.said, /Epoch 2 began at .* after 3 events: a restored backup was accepted/);
  const { rows } = await db.pool.query(
    `select detail ->> 'lost' as lost, epoch from audit.events where event = 'restore_accepted'`,
  );
  assert.match(rows[0].lost, /^localhost\/audit\n5\n/);
  assert.equal(rows[0].epoch, 2);
});

test('what is more than a restored backup is not accepted, nor by who may only read', async () => {
  await seenFive();
  await cutTail();
  await tamper(db, `update audit.events set message = 'nothing' where id = 2`);
  const asOwner = { DATABASE_URL: db.ownerUrl, AUDIT_VERIFIER_KEYS: key };
  const refused = await run(runVerify, ['--witness', file, '--accept-restore'], asOwner);
  assert.deepEqual(
    [refused.code, refused.complained],
    [1, 'Nothing was accepted: this is not only a restored backup.'],
  );
  const reader = await verify('--accept-restore');
  assert.equal(reader.code, 1);
  assert.equal((await db.pool.query('select from audit.epochs')).rowCount, 1);
});

test('who may only read accepts nothing', async () => {
  await seenFive();
  await cutTail();
  const reader = await verify('--witness', file, '--accept-restore');
  assert.deepEqual([reader.code, /permission denied/.test(reader.complained)], [2, true]);
});

test('a witness can be told how long nothing new may be sealed', async () => {
  await seenFive();
  const kept = JSON.parse(await readFile(file, 'utf8'));
  const twoHoursAgo = new Date(Date.now() - 2 * 3_600_000).toISOString();
  await writeFile(file, `${JSON.stringify({ ...kept, time: twoHoursAgo })}\n`);
  assert.equal((await witness(key)).code, 0);
  assert.equal((await witness(key, '--stale-after', '3h')).code, 0);
  const stale = await witness(key, '--stale-after', '90m');
  assert.deepEqual([stale.code, stale.said.includes(twoHoursAgo), /\(stale\)$/.test(stale.said)], [1, true, true]);
  await addEvents(db, 1);
  await seal();
  assert.equal((await witness(key, '--stale-after', '90m')).code, 0);
});

test('a witness believes its key only', async () => {
  await seenFive();
  await rm(file);
  const other = createSealingKey('localhost/audit').verifierKey;
  const stranger = await witness(other);
  assert.deepEqual([stranger.code, /\(note_unsigned\)$/.test(stranger.said)], [1, true]);
  await rm(file);
  assert.equal((await witness(`${key}`)).code, 0);
  const kept = await readFile(file, 'utf8');
  await writeFile(file, kept.replace('\\n5\\n', '\\n4\\n'));
  const changed = await witness();
  assert.deepEqual([changed.code, /signature_invalid/.test(changed.complained)], [2, true], 'its own file was changed');
});

test('what cannot run says so, and not that all is well', async () => {
  for (const args of [
    [],
    ['nhf'],
    ['https://a', 'https://b'],
    ['https://a', '--key', 'x'],
    ['https://a', '--stale-after', '1y'],
  ]) {
    assert.equal((await run(runWitness, args)).code, 2);
  }
  assert.match((await run(runWitness, ['https://a.invalid'])).complained, /AUDIT_VERIFIER_KEYS is missing/);
  assert.equal((await run(runWitness, ['http://127.0.0.1:1', '--key', key, '--file', file])).code, 2);
  assert.match((await run(runVerify, [])).complained, /DATABASE_URL is missing/);
  for (const args of [['--key', 'x'], ['--unknown']]) assert.equal((await verify(...args)).code, 2);
  const nobody = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
  assert.equal((await run(runVerify, [], nobody)).code, 2);
});

test('one event is shown with a proof under the checkpoint that a witness has, and whoever gets it needs no database', async () => {
  await addEvents(db, 300);
  await seal();
  await witness();
  await addEvents(db, 5);
  await seal();
  for (const [id, size] of [
    [1, 300],
    [257, 300],
    [300, 300],
    [303, 305],
  ] as const) {
    const { code, said, complained } = await verify('--event', String(id), '--witness', file);
    assert.deepEqual([code, complained], [0, '']);
    const shown = JSON.parse(said);
    const checkpoint = openCheckpoint(shown.checkpoint, [parseVerifierKey(key) as Verifier]);
    assert.equal(checkpoint.size, size, 'the one that the witness has, where it covers the event');
    const hash = hashEventRow(shown.event, Buffer.from(shown.salt, 'hex'));
    const proof = shown.proof.map((each: string) => Buffer.from(each, 'hex'));
    assert.ok(isIncluded({ index: shown.leaf_index, hash }, checkpoint, proof));
    const another = hashEventRow({ ...shown.event, message: 'nothing' }, Buffer.from(shown.salt, 'hex'));
    assert.ok(!isIncluded({ index: shown.leaf_index, hash: another }, checkpoint, proof));
  }
  assert.deepEqual(await verify('--event', '999'), {
    code: 1,
    said: '',
    complained: 'Event 999 is not there, or not sealed yet.',
  });
  await tamper(db, `update audit.events set message = 'nothing' where id = 2`, await leafAsNow(3));
  assert.equal((await verify('--event', '2')).complained, 'Event 2 is not what was sealed.');
  assert.match((await verify('--event', '3', '--witness', file)).complained, /of 300 events has another history/);
  assert.equal((await verify('--event', 'x')).code, 2);
});

/** Somebody changes an event and its leaf, so that they fit each other. */
async function leafAsNow(id: number): Promise<string> {
  await tamper(db, `update audit.events set message = 'nothing' where id = ${id}`);
  const { rows } = await db.pool.query({
    text: `select s.salt, ${selectSealedColumns} from audit.events as e join audit.salts as s on s.event_id = e.id where e.id = $1`,
    values: [id],
    rowMode: 'array',
  });
  const [salt, ...columns] = rows[0] as [Buffer, ...string[]];
  return `update audit.leaves set leaf_hash = '\\x${hashEvent(columns, salt).toString('hex')}' where event_id = ${id}`;
}

test('without a key the checker says that it believes the database', async () => {
  await addEvents(db, 1);
  await seal();
  const { code, said } = await run(runVerify, [], { DATABASE_URL: db.urlFor('auditor_login') });
  assert.equal(code, 0);
  assert.match(said, /^No key was given/);
});
