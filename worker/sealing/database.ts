import type { Pool } from 'pg';
import { z } from 'zod';
import type { Checkpoint } from '../../audit-seal/checkpoint.ts';
import type { EventContent } from '../../audit-seal/event.ts';
import type { Hash, ReadSubtrees, Subtree } from '../../audit-seal/tree.ts';
import { createCall } from '../database/call.ts';
import { Failure } from '../failure.ts';

/** bigint comes as text. */
const count = z.string().transform(Number).pipe(z.int());
const hash = z.custom<Hash>((value) => Buffer.isBuffer(value) && value.length === 32);

const sealingState = z.object({
  tree_size: count,
  /** Of the complete subtrees that the tree consists of. */
  peaks: z.array(hash),
  signed_size: count.nullable().transform((size) => size ?? 0),
  signed_note: z.string().nullable(),
  /** Where the database stood when somebody accepted a restored backup, and the checkpoint that was lost by it. */
  accepted_size: count.nullable(),
  lost_checkpoint: z.string().nullable(),
});
export type SealingState = Readonly<z.infer<typeof sealingState>>;

/** An event, each column as the text that is hashed. */
export type UnsealedEvent = EventContent & { readonly id: string };
const unsealedEvent = z.custom<UnsealedEvent>((row) => typeof (row as UnsealedEvent).id === 'string');

/** Leaves in their order, and the subtrees that they complete. */
export type SealedBatch = {
  readonly firstIndex: number;
  readonly leaves: { eventId: string; redacted: boolean; salt: Buffer; hash: Hash }[];
  readonly nodes: (Subtree & { readonly hash: Hash })[];
};

const sealingMetrics = z.object({
  tree_size: count,
  signed_size: count,
  oldest_unsealed_seconds: z.number(),
  held_by: z.string().nullable(),
});
export type SealingMetrics = Readonly<z.infer<typeof sealingMetrics>>;

/** What sealing asks of schema `worker`. Each throws the Failure `database_failed` or `database_row_unexpected`. */
export interface SealingDatabase {
  sealingState(): Promise<SealingState>;
  eventsToSeal(most: number): Promise<UnsealedEvent[]>;
  /** @returns false: another worker was first, or an event was redacted meanwhile; nothing has changed */
  appendLeaves(batch: SealedBatch): Promise<boolean>;
  /**
   * Returns when everything committed so far is on disk, and on the synchronous standby where there is one.
   *
   * @throws also where somebody cancels the wait: then nothing is confirmed (runtime/unconfirmed-commit.ts)
   */
  awaitStandby(): Promise<void>;
  /** @returns false: there is a newer one */
  appendCheckpoint(checkpoint: Checkpoint, verifierKeys: string[]): Promise<boolean>;
  readonly subtrees: ReadSubtrees;
  metrics(): Promise<SealingMetrics>;
}

const appendLeaves = `select worker.append_leaves(first_index => $1::bigint, event_ids => $2::bigint[], redacted => $3::boolean[],
  salts => $4::bytea[], leaf_hashes => $5::bytea[], node_levels => $6::integer[], node_indexes => $7::bigint[],
  node_hashes => $8::bytea[]) as done`;
const appendCheckpoint = `select worker.append_checkpoint(tree_size => $1::bigint, root_hash => $2::bytea, signed_note => $3::text,
  key_name => $4::text, verifier_keys => $5::text[]) as done`;
const subtrees = 'select worker.audit_subtrees(levels => $1::integer[], indexes => $2::bigint[]) as hashes';
const done = z.object({ done: z.boolean() });

/** @param pool connections of the role `sync_worker` */
export function createSealingDatabase(pool: Pool): SealingDatabase {
  const call = createCall(pool);
  async function one<Schema extends z.ZodType>(schema: Schema, text: string, values: unknown[] = []) {
    const [row] = await call(schema, text, values);
    if (row === undefined) throw new Failure('database_row_unexpected', { cause: new Error('no row') });
    return row;
  }
  return {
    sealingState: () => one(sealingState, 'select * from worker.sealing_state()'),
    eventsToSeal: (most) => call(unsealedEvent, 'select * from worker.events_to_seal(most => $1::int)', [most]),
    async appendLeaves({ firstIndex, leaves, nodes }) {
      const values = [
        firstIndex,
        leaves.map(({ eventId }) => eventId),
        leaves.map(({ redacted }) => redacted),
        leaves.map(({ salt }) => salt),
        leaves.map((leaf) => leaf.hash),
        nodes.map(({ level }) => level),
        nodes.map(({ index }) => index),
        nodes.map((node) => node.hash),
      ];
      return (await one(done, appendLeaves, values)).done;
    },
    async awaitStandby() {
      await call(z.unknown(), 'select worker.await_standby()');
    },
    async appendCheckpoint({ size, root, note, origin }, verifierKeys) {
      return (await one(done, appendCheckpoint, [size, root, note, origin, verifierKeys])).done;
    },
    async subtrees(wanted) {
      const values = [wanted.map(({ level }) => level), wanted.map(({ index }) => index)];
      return (await one(z.object({ hashes: z.array(hash) }), subtrees, values)).hashes;
    },
    metrics: () => one(sealingMetrics, 'select * from worker.sealing_metrics()'),
  };
}
