import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'vitest';
import { asDouble, asWritten, canonicalJson } from '../../audit-seal/canonical-json.ts';
import { hashEvent, hashEventRow, sealedColumns } from '../../audit-seal/event.ts';

type Pair = { name: string; input: string; output: string };

test('the public pairs of canonical JSON', () => {
  const pairs: Pair[] = JSON.parse(readFileSync(new URL('vectors/canonical-json.json', import.meta.url), 'utf8'));
  assert.equal(pairs.length, 6);
  for (const { name, input, output } of pairs) assert.equal(canonicalJson(input, asDouble), output.trim(), name);
});

test('canonical JSON says the same, in one way, whatever the order and the white space were', () =>
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const written = canonicalJson(JSON.stringify(value, null, 3), asDouble);
      assert.deepEqual(JSON.parse(written), JSON.parse(JSON.stringify(value)));
      assert.equal(canonicalJson(written, asDouble), written);
      assert.doesNotMatch(written.replaceAll(/"(?:[^"\\]|\\.)*"/g, ''), /\s/);
    }),
  ));

test('numbers of details keep all their digits', () => {
  const one = canonicalJson('{"n": 12345678901234567890}', asWritten);
  assert.notEqual(one, canonicalJson('{"n": 12345678901234567891}', asWritten));
  assert.equal(canonicalJson('[1.00, -0.5,1e2 ]', asWritten), '[1.00,-0.5,1e2]');
});

test('what is no JSON is refused', () => {
  for (const text of ['', '{', '[1,]', '{"a"}', '{"a":1,}', '[1] 2', 'undefined', '"a', "{'a':1}"])
    assert.throws(() => canonicalJson(text, asWritten), SyntaxError, text);
});

const row = {
  id: '7',
  event: 'linked',
  source: 'app',
  actor: 'x',
  message: 'Kåre',
  detail: '{"b": 1, "a": "é"}',
  epoch: '1',
  transaction_id: '740',
  occurred_at: '1795910400123456',
};
const salt = Buffer.alloc(32, 5);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

/** The leaf as audit-seal/README.md describes it, written by somebody who has read nothing else. */
function byTheBook(fields: Record<string, string>): Buffer {
  const parts = [Buffer.from([1]), salt];
  for (const name of Object.keys(fields).toSorted()) {
    for (const text of [name, fields[name] as string]) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.byteLength(text));
      parts.push(length, Buffer.from(text));
    }
  }
  return sha256(Buffer.concat([Buffer.from([0]), sha256(Buffer.concat(parts))]));
}

test('a leaf is what the description says', () => {
  assert.ok(hashEventRow(row, salt).equals(byTheBook({ ...row, detail: '{"a":"é","b":1}' })));
  const long = { ...row, message: 'å'.repeat(50_000) };
  assert.ok(hashEventRow(long, salt).equals(byTheBook({ ...long, detail: '{"a":"é","b":1}' })));
});

test('every column counts, null is not empty, and a text cannot pass into the next column', () => {
  const whole: (string | null)[] = sealedColumns.map((name) => (name === 'detail' ? '{}' : name));
  const hashes = new Set([hashEvent(whole, salt).toString('hex')]);
  for (const [at, name] of sealedColumns.entries()) {
    for (const other of [null, name === 'detail' ? '[]' : '', name === 'detail' ? '1' : `${name}x`]) {
      hashes.add(hashEvent(whole.with(at, other), salt).toString('hex'));
    }
  }
  hashes.add(hashEvent(whole, Buffer.alloc(32, 6)).toString('hex'));
  assert.equal(hashes.size, 2 + 3 * sealedColumns.length);
  assert.deepEqual(sealedColumns, sealedColumns.toSorted(), 'fields are hashed in the order of their names');
});

test('the short way for flat objects writes what the long way writes', () =>
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.boolean(), fc.constant(null))), (flat) => {
      const text = JSON.stringify(flat);
      // Within a list it takes the long way.
      assert.equal(canonicalJson(`[${text}]`, asWritten), `[${canonicalJson(text, asWritten)}]`);
    }),
  ));
