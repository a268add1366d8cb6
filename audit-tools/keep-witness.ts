import { type Checkpoint, openCheckpoint, readContinuation } from '../audit-seal/checkpoint.ts';
import { NoteError, type Verifier } from '../audit-seal/note.ts';
import { isConsistent } from '../audit-seal/tree.ts';
import { appendLine } from '../runtime/append-line.ts';
import { readNotes, type Witnessed } from './notes-file.ts';

/** What a visit came to. `code` is null where all is well. */
export type Visit = {
  readonly code: WitnessFinding | null;
  readonly says: string;
};

/**
 * `stale`: nothing new was sealed for longer than was allowed. `older`: it shows fewer events than it did before (a restored backup, or the newest were removed). `rewritten`: it signed another
 * history than before. `signature_invalid`, `note_unsigned`, `note_malformed`: what it shows is not signed with the key.
 */
export type WitnessFinding = 'stale' | 'older' | 'rewritten' | NoteError['code'];

export type WitnessOptions = {
  /** Of the callback, without a slash at the end. */
  readonly url: string;
  readonly verifiers: readonly Verifier[];
  /** Where checkpoints are kept, one line each. */
  readonly file: string;
  /** How long the newest checkpoint may be the same, in milliseconds; undefined: for ever. */
  readonly staleAfterMs?: number | undefined;
  readonly fetch: typeof fetch;
  readonly now: () => Date;
};

const path = '/.well-known/audit-checkpoint';
const longestAnswer = 256 * 1024;

/**
 * Gets the newest checkpoint with a proof that it goes on from the one kept last, and keeps it. What speaks against the audit is kept too:
 * it is on disk before anything is said.
 *
 * @throws Error where the callback does not answer, or not as it should
 */
export async function keepWitness(options: WitnessOptions): Promise<Visit> {
  const kept = (await readNotes(options.file, options.verifiers)).at(-1);
  const address = kept === undefined ? path : `${path}/consistency?from=${kept.size}`;
  const { status, body } = await get(options, address);
  if (status === 409 && kept !== undefined) return older(options, kept, body);
  if (status !== 200) throw new Error(`${options.url}${path} answered ${status}`);
  try {
    return kept === undefined ? await first(options, body) : await goOn(options, kept, body);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    await keepEvidence(options, error.code, body);
    return { code: error.code, says: `What ${options.url} shows is not signed with the key that was given.` };
  }
}

async function first(options: WitnessOptions, note: string): Promise<Visit> {
  const checkpoint = openCheckpoint(note, options.verifiers);
  await keep(options, checkpoint);
  return { code: null, says: `The first checkpoint is kept: ${checkpoint.size} events of ${checkpoint.origin}.` };
}

async function goOn(options: WitnessOptions, kept: Witnessed, body: string): Promise<Visit> {
  const { proof, note, old } = readContinuation(body);
  const checkpoint = openCheckpoint(note, options.verifiers);
  if (checkpoint.origin !== kept.origin || old !== kept.size || !isConsistent(kept, checkpoint, proof)) {
    await keepEvidence(options, 'rewritten', body);
    return {
      code: 'rewritten',
      says: `The first ${kept.size} events are not what they were: the audit was rewritten. The answer that shows it is kept.`,
    };
  }
  if (checkpoint.size > kept.size) await keep(options, checkpoint);
  else if (isStale(options, kept)) {
    return {
      code: 'stale',
      says: `Nothing new was sealed since ${kept.time}: ${kept.size} events, as then. No worker seals, or this callback shows an old checkpoint.`,
    };
  }
  return {
    code: null,
    says: `${checkpoint.size} events, ${checkpoint.size - kept.size} of them new; what was before is the same.`,
  };
}

/** A checkpoint says nothing of time, so its age is counted from when it was first seen here. */
function isStale({ staleAfterMs, now }: WitnessOptions, { time }: Witnessed): boolean {
  return staleAfterMs !== undefined && time !== undefined && now().getTime() - Date.parse(time) > staleAfterMs;
}

async function older(options: WitnessOptions, kept: Checkpoint, body: string): Promise<Visit> {
  await keepEvidence(options, 'older', body);
  return {
    code: 'older',
    says: `Only ${body.trim()} events are there, and ${kept.size} were: a restored backup, or the newest were removed.`,
  };
}

const keep = ({ file, now }: WitnessOptions, { note }: Checkpoint) =>
  appendLine(file, JSON.stringify({ time: now().toISOString(), note }), { create: true });
const keepEvidence = ({ file, now }: WitnessOptions, code: WitnessFinding, answer: string) =>
  appendLine(file, JSON.stringify({ time: now().toISOString(), code, answer }), { create: true });

async function get({ url, fetch }: WitnessOptions, address: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`${url}${address}`, { redirect: 'error', signal: AbortSignal.timeout(30_000) });
  let body = '';
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? []) {
    body += decoder.decode(piece as Uint8Array, { stream: true });
    if (body.length > longestAnswer) throw new Error(`${url} answered more than a checkpoint has`);
  }
  return { status: response.status, body };
}
