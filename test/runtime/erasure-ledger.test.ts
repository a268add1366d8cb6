import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { ConfigurationError, readEnvironment } from '../../runtime/environment.ts';
import {
  type ErasureLedger,
  type LedgerErasure,
  openErasureLedger,
  readLedgerSetting,
  refuseMissingErasures,
} from '../../runtime/erasure-ledger.ts';

const anErasure = (): LedgerErasure => ({
  id: randomUUID(),
  organization: 'nhf',
  announced_at: new Date('2026-11-29T01:02:03.456Z'),
  records: [{ member_id: randomUUID(), external_id_digest: 'ab'.repeat(32) }],
});

function emptyFile(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'ledger-')), 'erasures.ndjson');
  writeFileSync(path, '');
  return path;
}

const inFile = (path: string) => openErasureLedger({ path }, 'local');
const ids = async (ledger: ErasureLedger) => (await ledger.read()).map(({ erasure }) => erasure);

/** A place that keeps lines behind an address. */
async function startKeeper(text = '') {
  const kept = { text, authorization: '', fails: false };
  const server = createServer(async (request, response) => {
    kept.authorization = request.headers.authorization ?? '';
    if (kept.fails) return response.writeHead(503).end();
    if (request.method === 'POST') for await (const chunk of request.setEncoding('utf8')) kept.text += chunk;
    return response.writeHead(200).end(kept.text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ledger`;
  return Object.assign(kept, { url, [Symbol.asyncDispose]: async () => void server.close() });
}

test('a line for each erasure, once; each names the one before it', async () => {
  const path = emptyFile();
  const ledger = inFile(path);
  const [first, second] = [anErasure(), anErasure()];
  await ledger.record(first);
  await ledger.record(second);
  await ledger.record(first);
  const [one, two, ...others] = await ledger.read();
  assert.deepEqual([one?.erasure, two?.erasure, others], [first.id, second.id, []]);
  assert.equal(two?.previous, one?.hash);
  assert.deepEqual(one?.records, first.records);
  assert.equal(readFileSync(path, 'utf8').split('\n').length, 3);
});

test('a last line that was cut off counts for nothing, and the next one is written after it', async () => {
  const path = emptyFile();
  const ledger = inFile(path);
  const [first, cut, last] = [anErasure(), anErasure(), anErasure()];
  await ledger.record(first);
  const before = readFileSync(path, 'utf8');
  await ledger.record(cut);
  const whole = readFileSync(path, 'utf8');
  for (const length of [before.length + 1, before.length + 40, whole.length - 2]) {
    writeFileSync(path, whole.slice(0, length));
    assert.deepEqual(await ids(ledger), [first.id]);
    await ledger.record(last);
    await ledger.record(cut);
    assert.deepEqual(await ids(ledger), [first.id, last.id, cut.id]);
  }
});

test('a line that is missing or was changed is noticed by the one after it', async () => {
  const path = emptyFile();
  const ledger = inFile(path);
  for (const erasure of [anErasure(), anErasure(), anErasure()]) await ledger.record(erasure);
  const [one, two, three] = readFileSync(path, 'utf8').split('\n') as [string, string, string];
  for (const [what, text] of [
    ['the first is gone', `${two}\n${three}\n`],
    ['one in the middle is gone', `${one}\n${three}\n`],
    ['one was changed', `${one}\n${two.replace('nhf', 'hlf')}\n${three}\n`],
  ] as const) {
    writeFileSync(path, text);
    await assert.rejects(ledger.read(), { code: 'erasure_ledger_broken' }, what);
    await assert.rejects(ledger.record(anErasure()), { code: 'erasure_ledger_broken' }, what);
    assert.equal(readFileSync(path, 'utf8'), text, 'nothing is added to a broken ledger');
  }
});

test('two who write at once leave nothing that a reader would call broken', async () => {
  const path = emptyFile();
  const [first, second] = [anErasure(), anErasure()];
  await inFile(path).record(anErasure());
  const fork = readFileSync(path, 'utf8');
  await inFile(path).record(first);
  const line = readFileSync(path, 'utf8').slice(fork.length);
  writeFileSync(path, fork);
  await inFile(path).record(second);
  appendFileSync(path, line);
  assert.deepEqual((await ids(inFile(path))).slice(1), [second.id, first.id]);
});

test('many who write at the same moment all find their line there afterwards', async () => {
  const path = emptyFile();
  const erasures = Array.from({ length: 20 }, anErasure);
  await Promise.all(erasures.map((erasure) => inFile(path).record(erasure)));
  assert.deepEqual((await ids(inFile(path))).sort(), erasures.map(({ id }) => id).sort());
});

test('a last line that was changed, and a text that is no ledger, count for something: they are refused', async () => {
  const path = emptyFile();
  const ledger = inFile(path);
  await ledger.record(anErasure());
  const line = readFileSync(path, 'utf8');
  for (const [what, text] of [
    ['the last line was changed', line.replace('nhf', 'hlf')],
    ['a page for people', '<!doctype html>\n<title>Log in</title>\n'],
    ['another document', '{"status":"ok"}\n'],
    ['the middle of a line', line.slice(20)],
  ] as const) {
    writeFileSync(path, text);
    await assert.rejects(ledger.read(), { code: 'erasure_ledger_broken' }, what);
  }
});

test('a file that is not there is no empty ledger', async () => {
  const ledger = inFile(join(tmpdir(), randomUUID()));
  await assert.rejects(ledger.read(), { code: 'erasure_ledger_unreachable' });
  await assert.rejects(ledger.record(anErasure()), { code: 'erasure_ledger_unreachable' });
});

test('behind an address: read by GET, added to by POST, with the token; what fails is said', async () => {
  await using keeper = await startKeeper();
  const token = 'a'.repeat(32);
  const ledger = openErasureLedger({ url: keeper.url, token }, 'local');
  const erasure = anErasure();
  await ledger.record(erasure);
  assert.deepEqual(await ids(ledger), [erasure.id]);
  assert.equal(keeper.authorization, `Bearer ${token}`);
  keeper.fails = true;
  await assert.rejects(ledger.read(), { code: 'erasure_ledger_unreachable' });
  await assert.rejects(ledger.record(anErasure()), { code: 'erasure_ledger_unreachable' });
  await assert.rejects(openErasureLedger({ url: keeper.url, token }, 'production').read(), {
    code: 'erasure_ledger_unreachable',
  });
});

test('a program starts when the database knows every erasure, and not otherwise', async () => {
  const path = emptyFile();
  const erasure = anErasure();
  await inFile(path).record(erasure);
  const asked: unknown[] = [];
  await refuseMissingErasures({ path }, 'local', async (...question) => {
    asked.push(question);
    return [];
  });
  assert.deepEqual(asked, [[[erasure.id], ['nhf']]]);
  await assert.rejects(
    refuseMissingErasures({ path }, 'local', async (missing) => missing),
    { code: 'erasure_missing', message: /lacks 1 of the erasures/ },
  );
  await refuseMissingErasures(null, 'local', () => assert.fail('no ledger, no question'));
});

test('the setting: a path, or an address that is https where the deployment asks for it', () => {
  const read = (environment: Record<string, string>, allowsPlainHttp = false) => {
    const reader = readEnvironment(environment);
    const setting = readLedgerSetting(reader, { allowsPlainHttp });
    reader.finish();
    return setting;
  };
  assert.equal(read({}), null);
  assert.deepEqual(read({ ERASURE_LEDGER: '/var/lib/ledger' }), { path: '/var/lib/ledger' });
  assert.deepEqual(read({ ERASURE_LEDGER: 'https://ledger.example.org/nhf', ERASURE_LEDGER_TOKEN: 'x'.repeat(32) }), {
    url: 'https://ledger.example.org/nhf',
    token: 'x'.repeat(32),
  });
  assert.throws(() => read({ ERASURE_LEDGER: 'http://ledger.example.org/' }), ConfigurationError);
  assert.throws(() => read({ ERASURE_LEDGER: 'ftp://ledger.example.org/' }), ConfigurationError);
  assert.throws(() => read({ ERASURE_LEDGER: '/x', ERASURE_LEDGER_TOKEN: 'short' }), ConfigurationError);
  assert.deepEqual(read({ ERASURE_LEDGER: 'http://127.0.0.1:9/' }, true), {
    url: 'http://127.0.0.1:9/',
    token: undefined,
  });
});
