import assert from 'node:assert/strict';
import { test } from 'vitest';
import { openCheckpoint, readContinuation, signCheckpoint, writeContinuation } from '../../audit-seal/checkpoint.ts';
import {
  createSealingKey,
  openNote,
  parseSigner,
  parseSigners,
  parseVerifierKey,
  type Signer,
  signNote,
  type Verifier,
} from '../../audit-seal/note.ts';

// golang.org/x/mod/sumdb/note, the example of its documentation.
const VERIFIER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const SIGNER = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const NOTE = `${TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

const verifier = (text: string) => parseVerifierKey(text) as Verifier;
const signer = (text: string) => parseSigner(text) as Signer;

test('the example of sumdb/note: its note verifies, and its key signs the same bytes', () => {
  assert.equal(openNote(NOTE, [verifier(VERIFIER)]).text, TEXT);
  assert.equal(signNote(TEXT, [signer(SIGNER)]), NOTE);
  assert.equal(signer(SIGNER).verifierKey, VERIFIER);
});

test('keys that are not quite keys are refused', () => {
  for (const text of [
    '',
    VERIFIER.replace('Peter', 'Pater'),
    VERIFIER.replace('c74f20a3', 'c74f20a4'),
    VERIFIER.replace('ARpc', 'AhpC'),
    VERIFIER.slice(0, -1),
    `${VERIFIER} `,
    VERIFIER.replace('PeterNeumann', 'Peter Neumann'),
    SIGNER,
  ]) {
    assert.equal(parseVerifierKey(text), undefined, text);
  }
  for (const text of [VERIFIER, SIGNER.replace('c74f20a3', 'c74f20a4'), SIGNER.slice(0, -4)]) {
    assert.equal(parseSigner(text), undefined);
  }
  const other = createSealingKey('other.example/audit').signingKey;
  assert.match(parseSigners(`${SIGNER} ${other}`).faults.join(), /different names/);
  assert.match(parseSigners(`${SIGNER} ${SIGNER}`).faults.join(), /twice/);
  assert.match(parseSigners('nonsense').faults.join(), /key 1 is no Ed25519 signing key/);
});

test('a note that was touched, or is none, is not believed', () => {
  const known = [verifier(VERIFIER)];
  const code = (note: string) => {
    try {
      openNote(note, known);
      return 'believed';
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  assert.equal(code(NOTE.replace('answer', 'Answer')), 'signature_invalid');
  assert.equal(code(NOTE.replace('PeterNeumann', 'EnochRoot')), 'note_unsigned');
  const [, line = ''] = NOTE.split('\n\n');
  const broken = line.replace('ZJku', 'ZJkv');
  assert.equal(
    code(`${TEXT}\n${line}${broken}`),
    'signature_invalid',
    'one bad signature of a known key spoils the note',
  );
  for (const note of [
    '',
    TEXT,
    NOTE.slice(0, -1),
    `${NOTE}x\n`,
    NOTE.replace('\n\n', '\n'),
    NOTE.replace('you', 'y\0u'),
    NOTE.replace('—', '-'),
  ]) {
    assert.equal(code(note), 'note_malformed', JSON.stringify(note));
  }
  const many = createSealingKey('other.example/audit').signingKey;
  const strangers = signNote(
    TEXT,
    Array.from({ length: 16 }, () => signer(many)),
  );
  assert.equal(openNote(`${strangers}${line}`, known).text, TEXT, 'sixteen unknown signatures are ignored');
});

const root = Buffer.alloc(32, 7);
const key = createSealingKey('login.example.no/audit');
const next = createSealingKey('login.example.no/audit');

test('a checkpoint verifies with either key while one replaces the other, and for its own name only', () => {
  const both = signCheckpoint({ size: 12, root }, [signer(key.signingKey), signer(next.signingKey)]);
  for (const { verifierKey } of [key, next]) {
    const { origin, size } = openCheckpoint(both.note, [verifier(verifierKey)]);
    assert.deepEqual([origin, size], ['login.example.no/audit', 12]);
  }
  const alone = signCheckpoint({ size: 12, root }, [signer(next.signingKey)]);
  assert.throws(() => openCheckpoint(alone.note, [verifier(key.verifierKey)]), { code: 'note_unsigned' });
  const forged = signNote(`somebody.else/audit\n12\n${root.toString('base64')}\n`, [signer(key.signingKey)]);
  assert.throws(() => openCheckpoint(forged, [verifier(key.verifierKey)]), { code: 'note_unsigned' });
});

test('a signed text that is no checkpoint is refused', () => {
  const lines = ['login.example.no/audit', '12', root.toString('base64')];
  for (const text of [
    lines.slice(0, 2),
    [...lines, 'more'],
    [lines[0], '012', lines[2]],
    [lines[0], '-1', lines[2]],
    [lines[0], '12', 'AAAA'],
    [lines[0], '99999999999999999999', lines[2]],
  ]) {
    const note = signNote(`${text.join('\n')}\n`, [signer(key.signingKey)]);
    assert.throws(() => openCheckpoint(note, [verifier(key.verifierKey)]), { code: 'note_malformed' });
  }
});

test('a continuation is the request that C2SP witnesses take, and reads back', () => {
  const { note } = signCheckpoint({ size: 12, root }, [signer(key.signingKey)]);
  const body = writeContinuation({ old: 5, proof: [root, Buffer.alloc(32, 9)], note });
  assert.match(body, /^old 5\n[A-Za-z0-9+/]{43}=\n[A-Za-z0-9+/]{43}=\n\nlogin\.example\.no\/audit\n12\n/);
  assert.deepEqual(readContinuation(body), { old: 5, proof: [root, Buffer.alloc(32, 9)], note });
  assert.equal(readContinuation(writeContinuation({ old: 12, proof: [], note })).note, note);
  for (const bad of ['', 'old x\n\n', body.replace('old', 'new'), body.replace('\n\n', '\nAAAA\n\n')]) {
    assert.throws(() => readContinuation(bad), { code: 'note_malformed' });
  }
});
