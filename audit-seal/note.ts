import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

// Signed notes as C2SP signed-note.md has them; keys as golang.org/x/mod/sumdb/note writes them. Ed25519 only.

/** Signs notes. */
export type Signer = {
  readonly name: string;
  /** Its public half, for who verifies: `name+id+key`. */
  readonly verifierKey: string;
  readonly key: KeyObject;
};

/** Verifies the notes of one key. */
export type Verifier = { readonly name: string; readonly keyId: Buffer; readonly key: KeyObject };

/** Why a note is not to be believed. */
export type NoteFault = 'note_malformed' | 'note_unsigned' | 'signature_invalid';

export class NoteError extends Error {
  override readonly name = 'NoteError';
  readonly code: NoteFault;

  constructor(code: NoteFault) {
    super(code);
    this.code = code;
  }
}

const ed25519 = 1;
const longestNote = 64 * 1024;
const mostSignatures = 64;
/** A name is shown to people and stands in lines: nothing invisible, no space, no plus. */
const namePattern = /^[^\s+\p{C}]{1,200}$/u;
// RFC 8410: what stands before the 32 bytes of an Ed25519 private key.
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

function keyIdOf(name: string, typeAndKey: Buffer): Buffer {
  return createHash('sha256').update(`${name}\n`).update(typeAndKey).digest().subarray(0, 4);
}

function publicBytes(key: KeyObject): Buffer {
  return Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');
}

/** The type's byte and the 32 bytes of a key; undefined for what is no Ed25519 key. */
function readTypeAndKey(encoded: string): Buffer | undefined {
  const bytes = decodeBase64(encoded);
  return bytes !== undefined && bytes.length === 33 && bytes[0] === ed25519 ? bytes : undefined;
}

/** Strict: what is not the encoding of its own bytes is no base64. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : undefined;
}

/** @returns undefined for what is no verifier key */
export function parseVerifierKey(text: string): Verifier | undefined {
  const [name = '', id = '', encoded = '', ...rest] = splitKey(text);
  const bytes = readTypeAndKey(encoded);
  if (rest.length > 0 || bytes === undefined || !namePattern.test(name)) return undefined;
  const keyId = keyIdOf(name, bytes);
  if (keyId.toString('hex') !== id) return undefined;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.subarray(1).toString('base64url') };
  return { name, keyId, key: createPublicKey({ key: jwk, format: 'jwk' }) };
}

/** The base64 may hold plus signs; name and id do not. */
function splitKey(text: string): string[] {
  const [name = '', id = '', ...encoded] = text.split('+');
  return [name, id, encoded.join('+')];
}

/** @returns undefined for what is no signing key: `PRIVATE+KEY+name+id+key` */
export function parseSigner(text: string): Signer | undefined {
  if (!text.startsWith('PRIVATE+KEY+')) return undefined;
  const [name = '', id = '', encoded = ''] = splitKey(text.slice('PRIVATE+KEY+'.length));
  const bytes = readTypeAndKey(encoded);
  if (bytes === undefined || !namePattern.test(name)) return undefined;
  const der = Buffer.concat([pkcs8, bytes.subarray(1)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const signer = signerOf(name, key);
  return signer.verifierKey.startsWith(`${name}+${id}+`) ? signer : undefined;
}

function signerOf(name: string, key: KeyObject): Signer {
  const bytes = Buffer.concat([Buffer.from([ed25519]), publicBytes(key)]);
  return { name, key, verifierKey: `${name}+${keyIdOf(name, bytes).toString('hex')}+${bytes.toString('base64')}` };
}

/** A new pair. @param name URL-like without a scheme, such as `login.example.no/audit` */
export function createSealingKey(name: string): { readonly signingKey: string; readonly verifierKey: string } {
  if (!namePattern.test(name)) throw new Error('key_name_invalid');
  const { privateKey } = generateKeyPairSync('ed25519');
  const { verifierKey } = signerOf(name, privateKey);
  const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  const encoded = Buffer.concat([Buffer.from([ed25519]), seed]).toString('base64');
  const [, id] = splitKey(verifierKey);
  return { verifierKey, signingKey: `PRIVATE+KEY+${name}+${id}+${encoded}` };
}

/**
 * Signing keys from the text of an environment variable, separated by spaces: all sign, and have the same name. Two at once while one
 * replaces the other. Faults are short sentences without values.
 */
export function parseSigners(text: string): { readonly signers: Signer[]; readonly faults: string[] } {
  const parsed = text.trim().split(/\s+/).map(parseSigner);
  const faults = parsed.flatMap((signer, at) =>
    signer === undefined ? [`key ${at + 1} is no Ed25519 signing key`] : [],
  );
  const signers = parsed.filter((signer) => signer !== undefined);
  if (new Set(signers.map(({ name }) => name)).size > 1) faults.push('holds keys of different names');
  if (new Set(signers.map(({ verifierKey }) => verifierKey)).size < signers.length) faults.push('holds a key twice');
  return { signers: faults.length === 0 ? signers : [], faults };
}

/** Signs a text. @param text lines, each ending in a line feed */
export function signNote(text: string, signers: readonly Signer[]): string {
  const lines = signers.map(({ name, key, verifierKey }) => {
    const keyId = Buffer.from(splitKey(verifierKey)[1] ?? '', 'hex');
    return `— ${name} ${Buffer.concat([keyId, sign(null, Buffer.from(text), key)]).toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/**
 * Reads a note that at least one of the keys has signed.
 *
 * @param verifiers signatures of others are ignored
 * @throws NoteError also where one of several known signatures is bad
 */
export function openNote(
  note: string,
  verifiers: readonly Verifier[],
): { readonly text: string; readonly signedBy: Verifier[] } {
  const { text, signatures } = splitNote(note);
  const signedBy: Verifier[] = [];
  for (const { name, keyId, signature } of signatures) {
    const verifier = verifiers.find((one) => one.name === name && one.keyId.equals(keyId));
    if (verifier === undefined) continue;
    if (!verify(null, Buffer.from(text), verifier.key, signature)) throw new NoteError('signature_invalid');
    signedBy.push(verifier);
  }
  if (signedBy.length === 0) throw new NoteError('note_unsigned');
  return { text, signedBy };
}

function splitNote(note: string) {
  const end = note.lastIndexOf('\n\n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (note.length > longestNote || end < 0 || /[\0-\x09\x0b-\x1f]/.test(note) || !note.isWellFormed()) {
    throw new NoteError('note_malformed');
  }
  const lines = note.slice(end + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0 || lines.length > mostSignatures) throw new NoteError('note_malformed');
  return { text: note.slice(0, end + 1), signatures: lines.map(readSignature) };
}

function readSignature(line: string) {
  const [dash, name = '', encoded = '', ...rest] = line.split(' ');
  const bytes = decodeBase64(encoded);
  if (dash !== '—' || rest.length > 0 || !namePattern.test(name) || bytes === undefined || bytes.length < 5) {
    throw new NoteError('note_malformed');
  }
  return { name, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}
