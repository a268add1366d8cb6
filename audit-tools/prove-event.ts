import { type Checkpoint, openCheckpoint } from '../audit-seal/checkpoint.ts';
import { hashEvent, sealedColumns } from '../audit-seal/event.ts';
import type { Verifier } from '../audit-seal/note.ts';
import {
  GrowingTree,
  type Hash,
  isIncluded,
  proveInclusion,
  type Subtree,
  smallestKeptLevel,
} from '../audit-seal/tree.ts';
import type { AuditReader, LeafRow } from './audit-reader.ts';

/** One event with all that is needed to see, without the database, that it was under a signed checkpoint. Hashes and the salt are in hex. */
export type EventProof = {
  /** The sealed columns that are not null, as they go into the hash. */
  readonly event: Readonly<Record<string, string>>;
  readonly salt: string;
  readonly leaf_index: number;
  readonly leaf_hash: string;
  /** RFC 6962, section 2.1.1: the hashes beside the leaf's way to the root, lowest first. */
  readonly proof: readonly string[];
  /** The signed note. */
  readonly checkpoint: string;
};

export type ProveOptions = {
  readonly reader: AuditReader;
  readonly verifiers: readonly Verifier[];
  /** Checkpoints that were kept elsewhere, by size; where none covers the event, the newest of the database is taken. */
  readonly witnessed: readonly Checkpoint[];
};

/** @returns the proof, or a sentence that says why there is none */
export async function proveEvent(
  eventId: string,
  { reader, verifiers, witnessed }: ProveOptions,
): Promise<EventProof | string> {
  const leaf = await reader.leafOf(eventId);
  if (leaf === undefined) return `Event ${eventId} is not there, or not sealed yet.`;
  const { event, salt, index, hash } = leaf;
  if (event === null) return `Event ${eventId} was removed.`;
  if (salt === null) return `Event ${eventId} was redacted: what it said can be shown to nobody any more.`;
  if (!hashEvent(event, salt).equals(hash)) return `Event ${eventId} is not what was sealed.`;
  const checkpoint = witnessed.findLast(({ size }) => size > index) ?? (await newest(reader, verifiers, index));
  if (checkpoint === undefined) return `No checkpoint covers event ${eventId} yet.`;
  const proof = await proveInclusion(index, checkpoint.size, (subtrees) => readSubtrees(reader, subtrees));
  if (!isIncluded(leaf, checkpoint, proof))
    return `The checkpoint of ${checkpoint.size} events has another history than the database.`;
  return {
    event: namedColumns(event),
    salt: salt.toString('hex'),
    leaf_index: index,
    leaf_hash: hash.toString('hex'),
    proof: proof.map((each) => each.toString('hex')),
    checkpoint: checkpoint.note,
  };
}

async function newest(
  reader: AuditReader,
  verifiers: readonly Verifier[],
  index: number,
): Promise<Checkpoint | undefined> {
  const size = await reader.newestCheckpoint();
  if (size <= index) return undefined;
  const [row] = await reader.checkpointsAfter(size - 1, size, 1);
  return row && openCheckpoint(row.note, verifiers);
}

const namedColumns = (event: NonNullable<LeafRow['event']>) =>
  Object.fromEntries(sealedColumns.flatMap((name, at) => (event[at] == null ? [] : [[name, event[at]]])));

/** Large subtrees are kept; small ones are hashed again. */
async function readSubtrees(reader: AuditReader, subtrees: readonly Subtree[]): Promise<Hash[]> {
  const found: Hash[] = [];
  for (const subtree of subtrees) {
    const [kept] =
      subtree.level >= smallestKeptLevel ? await reader.nodes([subtree]) : [await hashLeaves(reader, subtree)];
    if (kept === undefined) throw new Error('hashes of the audit are missing: run audit:verify without --event');
    found.push(kept);
  }
  return found;
}

async function hashLeaves(reader: AuditReader, { level, index }: Subtree): Promise<Hash> {
  const count = 2 ** level;
  const tree = new GrowingTree();
  for (const { hash } of await reader.leavesAfter(index * count - 1, (index + 1) * count, count)) tree.append(hash);
  return tree.root();
}
