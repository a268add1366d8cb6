import { decodeBase64, NoteError, openNote, type Signer, signNote, type Verifier } from './note.ts';
import type { Hash } from './tree.ts';

/** After so many leaves, this root. */
export type TreeHead = { readonly size: number; readonly root: Hash };

/** A checkpoint as C2SP tlog-checkpoint.md has it, with its note. */
export type Checkpoint = TreeHead & {
  /** Which audit: the name of its keys. */
  readonly origin: string;
  readonly note: string;
};

/** Signs a tree's head. All signers have the same name, which is the origin. */
export function signCheckpoint({ size, root }: TreeHead, signers: readonly [Signer, ...Signer[]]): Checkpoint {
  const origin = signers[0].name;
  const note = signNote(`${origin}\n${size}\n${root.toString('base64')}\n`, signers);
  return { origin, size, root, note };
}

/**
 * Reads a checkpoint that one of the keys has signed for the audit of its name.
 *
 * @throws NoteError
 */
export function openCheckpoint(note: string, verifiers: readonly Verifier[]): Checkpoint {
  const { text, signedBy } = openNote(note, verifiers);
  const checkpoint = readCheckpoint(note, text);
  if (!signedBy.some(({ name }) => name === checkpoint.origin)) throw new NoteError('note_unsigned');
  return checkpoint;
}

/** What a note says, whoever signed it. @throws NoteError where it is no checkpoint */
export function readCheckpoint(note: string, text = note.slice(0, note.lastIndexOf('\n\n') + 1)): Checkpoint {
  const [origin = '', decimal = '', encoded = '', ...rest] = text.split('\n');
  const root = decodeBase64(encoded);
  const size = readSize(decimal);
  // Three lines: further ones would be statements that nobody checks.
  if (origin === '' || size === undefined || root?.length !== 32 || rest.length !== 1)
    throw new NoteError('note_malformed');
  return { origin, size, root, note };
}

/** A decimal number without leading zero. */
export function readSize(text: string): number | undefined {
  const size = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(size) ? size : undefined;
}

/**
 * A checkpoint with the proof that it goes on from an older one: as the body of `add-checkpoint` of C2SP tlog-witness.md,
 * so that it can be handed to any such witness as it is.
 */
export type Continuation = { readonly old: number; readonly proof: readonly Hash[]; readonly note: string };

export function writeContinuation({ old, proof, note }: Continuation): string {
  return `old ${old}\n${proof.map((hash) => `${hash.toString('base64')}\n`).join('')}\n${note}`;
}

/** @throws NoteError */
export function readContinuation(body: string): Continuation {
  const end = body.indexOf('\n\n');
  const [first = '', ...lines] = body.slice(0, Math.max(end, 0)).split('\n');
  const old = first.startsWith('old ') ? readSize(first.slice(4)) : undefined;
  const proof = lines.map(decodeBase64).filter((hash) => hash?.length === 32);
  if (old === undefined || proof.length !== lines.length || proof.length > 63) throw new NoteError('note_malformed');
  return { old, proof: proof as Hash[], note: body.slice(end + 2) };
}
