import { randomBytes } from 'node:crypto';
import { type Checkpoint, readCheckpoint, signCheckpoint } from '../../audit-seal/checkpoint.ts';
import { hashEventRow } from '../../audit-seal/event.ts';
import type { Signer } from '../../audit-seal/note.ts';
import { GrowingTree, rootAt, smallestKeptLevel } from '../../audit-seal/tree.ts';
import type { CheckpointFile } from './checkpoint-file.ts';
import type { SealedBatch, SealingDatabase, SealingState, UnsealedEvent } from './database.ts';

/** What a round needs. */
export interface SealRoundOptions {
  readonly database: SealingDatabase;
  /** Of one name. */
  readonly signers: readonly [Signer, ...Signer[]];
  readonly file: CheckpointFile;
  /** Events that are sealed in one transaction. */
  readonly batch: number;
  /** Called between two batches, so that a backlog takes a share of the database only. */
  rest(tookMs: number): Promise<void>;
}

/**
 * Why nothing is signed: the database lacks what this worker has signed before, and is otherwise the same (`audit_restored`: a backup), or
 * it says something else than before (`audit_rewritten`).
 */
export type SealingFault = 'audit_restored' | 'audit_rewritten';

export class SealingRefused extends Error {
  override readonly name = 'SealingRefused';
  readonly code: SealingFault;

  constructor(code: SealingFault) {
    super(code);
    this.code = code;
  }
}

/**
 * Seals everything that may be sealed now, batch by batch, and signs after each.
 *
 * The leaves are committed first, and are on the synchronous standby, when there is one, before they are signed; the checkpoint is in the file
 * before it is public. So a worker may be killed anywhere: whatever was signed is a beginning of what the database has.
 *
 * @returns how many events were sealed
 * @throws SealingRefused
 */
export async function sealRound(options: SealRoundOptions): Promise<number> {
  const { database, batch, rest } = options;
  const state = await database.sealingState();
  await requireSameHistory(state, options);
  let tree = new GrowingTree(state.tree_size, state.peaks);
  // A worker that was killed in between has left leaves without a signature.
  if (tree.size > state.signed_size) await sign(tree, options);
  for (;;) {
    const startedAt = performance.now();
    const events = await database.eventsToSeal(batch);
    if (events.length === 0) break;
    const grown = tree.copy();
    // Another worker was first, or an event was redacted: the next round sees what is true then.
    if (!(await database.appendLeaves(growBy(grown, events)))) break;
    tree = grown;
    await sign(tree, options);
    if (events.length < batch) break;
    await rest(performance.now() - startedAt);
  }
  return tree.size - state.tree_size;
}

function growBy(tree: GrowingTree, events: readonly UnsealedEvent[]): SealedBatch {
  const firstIndex = tree.size;
  const random = randomBytes(32 * events.length);
  const nodes: SealedBatch['nodes'] = [];
  const leaves = events.map((event, at) => {
    const salt = random.subarray(32 * at, 32 * at + 32);
    const hash = hashEventRow(event, salt);
    tree.append(hash, ({ level, index }, node) => {
      if (level >= smallestKeptLevel) nodes.push({ level, index, hash: node });
    });
    return { eventId: event.id, redacted: (event.redacted_at ?? null) !== null, salt, hash };
  });
  return { firstIndex, leaves, nodes };
}

async function sign(tree: GrowingTree, { database, signers, file }: SealRoundOptions): Promise<void> {
  await database.awaitStandby();
  const checkpoint = signCheckpoint({ size: tree.size, root: tree.root() }, signers);
  const newest = file.checkpoints.at(-1);
  if (newest === undefined || newest.size < checkpoint.size) await file.append(checkpoint);
  await database.appendCheckpoint(
    checkpoint,
    signers.map(({ verifierKey }) => verifierKey),
  );
}

/** That the tree goes on from the newest checkpoint of the database, and from the newest one that was kept outside. */
async function requireSameHistory(state: SealingState, { database, file }: SealRoundOptions): Promise<void> {
  const holds = async (checkpoint: Checkpoint) =>
    checkpoint.size <= state.tree_size && (await rootAt(checkpoint.size, database.subtrees)).equals(checkpoint.root);
  if (state.signed_note !== null && !(await holds(readCheckpoint(state.signed_note)))) {
    throw new SealingRefused('audit_rewritten');
  }
  let kept = file.checkpoints.at(-1);
  if (kept === undefined || (await holds(kept))) return;
  const accepted = acceptedUpTo(kept, state);
  if (accepted !== null) {
    await file.forgetBeyond(accepted);
    kept = file.checkpoints.at(-1);
    if (kept === undefined || (await holds(kept))) return;
  }
  const within = file.checkpoints.findLast(({ size }) => size <= state.tree_size);
  const isOlder = kept.size > state.tree_size && (within === undefined || (await holds(within)));
  throw new SealingRefused(isOlder ? 'audit_restored' : 'audit_rewritten');
}

/** Somebody has said that the database is a restored backup, and up to which checkpoint events were lost by it: these are given up. */
function acceptedUpTo(kept: Checkpoint, { accepted_size, lost_checkpoint }: SealingState): number | null {
  if (accepted_size === null || lost_checkpoint === null) return null;
  return kept.size > accepted_size && kept.size <= readCheckpoint(lost_checkpoint).size ? accepted_size : null;
}
