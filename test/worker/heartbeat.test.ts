import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createLogger } from '../../runtime/logger.ts';
import { createGate } from '../../worker/gate.ts';
import { startHeartbeat } from '../../worker/heartbeat.ts';
import { createLeases } from '../../worker/leases.ts';

const log = createLogger({ name: 'test', level: 'silent' });

function setUp(answer: () => Promise<{ lost: string[]; forbidden_flags: string[] }>) {
  const beats: [string, string[], string[]][] = [];
  const leases = createLeases();
  const gate = createGate(4);
  const database = {
    beat: (...call: [string, string[], string[]]) => {
      beats.push(call);
      return answer();
    },
    sweep: () => Promise.resolve([]),
    beatInvoices: () => Promise.resolve({ lost: [], forbidden_flags: ['invoices:y'] }),
    sweepInvoices: () => Promise.resolve([]),
  };
  return {
    beats,
    leases,
    gate,
    heart: startHeartbeat({ database, leases, invoiceLeases: createLeases(), gate, log, everyMs: 600_000 }),
  };
}

test('a beat says what is held, and hears what is lost and what may not be fetched', async () => {
  const { beats, leases, gate, heart } = setUp(async () => ({ lost: ['b'], forbidden_flags: ['org:x'] }));
  using kept = leases.hold('a', '7', performance.now(), 15_000);
  using lost = leases.hold('b', '8', performance.now(), 15_000);
  heart.beatAs('pool-1');
  await heart.beat();
  assert.deepEqual(beats, [['pool-1', ['a', 'b'], ['7', '8']]]);
  assert.deepEqual([kept.signal.aborted, lost.signal.aborted], [false, true]);
  assert.deepEqual(gate.forbiddenFlags(), ['org:x', 'invoices:y']);
  await heart.stop();
});

test('before there is a name to beat under, nothing is said', async () => {
  const { beats, heart } = setUp(async () => ({ lost: [], forbidden_flags: [] }));
  await heart.beat();
  assert.deepEqual(beats, []);
  await heart.stop();
});

test('those who ask at the same time share one beat, and one that fails is followed by the next', async () => {
  let fails = true;
  const { beats, gate, heart } = setUp(async () => {
    if (fails) throw new Error('no database');
    return { lost: [], forbidden_flags: ['org:y'] };
  });
  heart.beatAs('pool-1');
  await Promise.all([heart.beat(), heart.beat(), heart.beat()]);
  assert.equal(beats.length, 1);
  fails = false;
  await heart.beat();
  assert.equal(beats.length, 2);
  assert.deepEqual(gate.forbiddenFlags(), ['org:y', 'invoices:y']);
  await heart.stop();
});
