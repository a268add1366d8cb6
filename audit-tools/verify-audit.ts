import { openCheckpoint } from '../audit-seal/checkpoint.ts';
import { hashEvent, sealedColumns } from '../audit-seal/event.ts';
import { NoteError, type Verifier } from '../audit-seal/note.ts';
import { GrowingTree, type Hash, type Subtree, smallestKeptLevel } from '../audit-seal/tree.ts';
import type { AuditReader, CheckpointRow, EventKey, LeafRow } from './audit-reader.ts';
import type { Witnessed } from './notes-file.ts';

/** What is wrong, and with which event first. */
export type Finding = {
  readonly code: FindingCode;
  /** Place in the tree, from 0; where it is about one. */
  readonly leaf?: number;
  readonly event?: string;
  /** One sentence. */
  readonly says: string;
};

export type FindingCode =
  | 'event_changed'
  | 'event_removed'
  | 'event_slipped_in'
  | 'event_reordered'
  | 'redaction_unrecorded'
  | 'erasure_changed'
  | 'leaf_removed'
  | 'leaves_rewritten'
  | 'node_changed'
  | 'checkpoint_invalid'
  | 'tail_removed'
  | 'leaves_unsigned'
  | 'witness_contradicted'
  | 'witness_ahead';

export type Report = {
  /** In the order of the tree; the first is where it begins. At most a hundred of them are kept. */
  readonly findings: readonly Finding[];
  readonly sealed: number;
  readonly unsealed: number;
  readonly checkpoints: number;
  readonly redacted: number;
  readonly newestSize: number;
};

export type VerifyOptions = {
  readonly reader: AuditReader;
  /** Keys that checkpoints must be signed with. */
  readonly verifiers: readonly Verifier[];
  /** Checkpoints that were kept elsewhere, by size. */
  readonly witnessed: readonly Witnessed[];
  readonly onProgress?: (sealed: number, of: number) => void;
};

const page = 4_000;
const mostFindings = 100;
// Each worker signs a batch of a thousand before it seals the next.
const mostUnsigned = 10_000;
const place = {
  detail: sealedColumns.indexOf('detail'),
  epoch: sealedColumns.indexOf('epoch'),
  transaction: sealedColumns.indexOf('transaction_id'),
  redactedAt: sealedColumns.indexOf('redacted_at'),
};

/** Recomputes the whole tree from the events, and compares it with everything that was signed or witnessed. */
export async function verifyAudit(options: VerifyOptions): Promise<Report> {
  const { reader, witnessed, onProgress } = options;
  // Sealing goes on meanwhile. Leaves are there before their checkpoint: in this order no checkpoint covers more leaves than are looked at.
  const newest = await reader.newestCheckpoint();
  const total = await reader.countLeaves();
  const run = new Verification(options, newest);
  let next = reader.leavesAfter(-1, total, page);
  for (;;) {
    const rows = await next;
    const last = rows.at(-1);
    if (last === undefined) break;
    // The server looks the next page up while this one is hashed.
    next = reader.leavesAfter(last.index, total, page);
    await run.take(rows);
    onProgress?.(run.size, total);
  }
  await run.compareRest();
  run.findUnsigned();
  run.compareWitnessesAhead(witnessed);
  await run.findSlippedIn();
  await run.checkRedactions();
  await run.checkErasures();
  return run.report();
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #tree = new GrowingTree();
  readonly #findings: Finding[] = [];
  readonly #checkpoints: CheckpointStream;
  #witness = 0;
  #previous: LeafRow | undefined;
  /** The largest size at which the root was as signed. */
  #agreed = 0;
  #firstAfterAgreed: LeafRow | undefined;
  #rewritten = false;
  #redacted = 0;

  constructor(options: VerifyOptions, newestCheckpoint: number) {
    this.#options = options;
    this.#checkpoints = new CheckpointStream(options.reader, newestCheckpoint);
  }

  get size(): number {
    return this.#tree.size;
  }

  #find(finding: Finding): void {
    if (this.#findings.length < mostFindings) this.#findings.push(finding);
  }

  async take(rows: readonly LeafRow[]): Promise<void> {
    const completed: (Subtree & { hash: Hash })[] = [];
    for (const row of rows) {
      this.#checkPlace(row);
      this.#checkEvent(row);
      this.#tree.append(row.hash, ({ level, index }, hash) => {
        if (level >= smallestKeptLevel) completed.push({ level, index, hash });
      });
      this.#firstAfterAgreed ??= row;
      this.#previous = row;
      if (this.#checkpoints.mayHave(this.size)) await this.#compareCheckpoint();
      this.#compareWitnesses();
    }
    await this.#checkNodes(completed);
  }

  #checkPlace(row: LeafRow): void {
    const expected = (this.#previous?.index ?? -1) + 1;
    if (row.index !== expected) {
      const gap = row.index === expected + 1 ? `Leaf ${expected} is` : `Leaves ${expected} to ${row.index - 1} are`;
      this.#find({ code: 'leaf_removed', leaf: expected, says: `${gap} missing.` });
    }
    if (this.#previous !== undefined && compareKeys(this.#previous.key, row.key) >= 0) {
      this.#find({
        ...about(row),
        code: 'event_reordered',
        says: `Event ${row.eventId} comes after event ${this.#previous.eventId}, which was written later: the order was changed, or it was slipped in.`,
      });
    }
  }

  #checkEvent(row: LeafRow): void {
    const { event, salt, eventId } = row;
    if (event === null) {
      this.#find({ ...about(row), code: 'event_removed', says: `Event ${eventId} was removed.` });
    } else if (salt !== null) {
      if (!hashes(event, salt, row.hash)) {
        this.#find({ ...about(row), code: 'event_changed', says: `Event ${eventId} is not what was sealed.` });
      }
    } else if (event[place.redactedAt] === null || event[place.detail] !== '{}') {
      this.#find({
        ...about(row),
        code: 'event_changed',
        says: `Event ${eventId} cannot be compared with its seal: its salt was removed, and it is not redacted.`,
      });
    } else if (event[place.epoch] !== String(row.key[0]) || event[place.transaction] !== String(row.key[1])) {
      this.#find({
        ...about(row),
        code: 'event_changed',
        says: `Event ${eventId} is redacted and has another transaction than when it was sealed.`,
      });
    } else {
      this.#redacted += 1;
    }
  }

  async #checkNodes(completed: readonly (Subtree & { hash: Hash })[]): Promise<void> {
    const kept = await this.#options.reader.nodes(completed);
    for (const [at, { level, index, hash }] of completed.entries()) {
      if (kept[at]?.equals(hash)) continue;
      const leaf = index * 2 ** level;
      this.#find({
        code: 'node_changed',
        leaf,
        says: `The kept hash over ${2 ** level} leaves from leaf ${leaf} on is not theirs.`,
      });
    }
  }

  async #compareCheckpoint(): Promise<void> {
    const row = await this.#checkpoints.at(this.size);
    if (row === undefined) return;
    this.#checkSignature(row);
    if (row.root.equals(this.#tree.root())) {
      if (!this.#rewritten) this.#agree();
    } else {
      this.#disagree(`the checkpoint of ${row.size} events`);
    }
  }

  #agree(): void {
    this.#agreed = this.size;
    this.#firstAfterAgreed = undefined;
  }

  /** Once: every later root differs too. */
  #disagree(from: string): void {
    if (this.#rewritten) return;
    this.#rewritten = true;
    const first = this.#firstAfterAgreed as LeafRow;
    const before = this.#agreed === 0 ? 'from the beginning' : `from leaf ${this.#agreed} on`;
    // Where a gap or a change of order explains it, that comes first.
    const cause = this.#findings.find(
      ({ code, leaf = -1 }) => (code === 'leaf_removed' || code === 'event_reordered') && leaf >= this.#agreed,
    );
    this.#find({
      ...(cause?.leaf === undefined ? about(first) : { leaf: cause.leaf }),
      code: 'leaves_rewritten',
      says: `Leaves and events differ from ${from} ${before}: the first event that may be another is ${first.eventId}.`,
    });
  }

  #checkSignature(row: CheckpointRow): void {
    const fault = faultOf(row, this.#options.verifiers);
    if (fault !== undefined) {
      this.#find({
        code: 'checkpoint_invalid',
        leaf: row.size - 1,
        says: `The checkpoint of ${row.size} events ${fault}.`,
      });
    }
  }

  #compareWitnesses(): void {
    const { witnessed } = this.#options;
    for (
      let one = witnessed[this.#witness];
      one !== undefined && one.size <= this.size;
      one = witnessed[this.#witness]
    ) {
      this.#witness += 1;
      if (one.size < this.size || one.root.equals(this.#tree.root())) continue;
      this.#find({
        code: 'witness_contradicted',
        leaf: one.size - 1,
        says: `${one.file} has another history of the first ${one.size} events${one.time === undefined ? '' : `, since ${one.time}`}.`,
      });
    }
  }

  /** Checkpoints that cover more than there is. */
  async compareRest(): Promise<void> {
    for (let row = await this.#checkpoints.next(); row !== undefined; row = await this.#checkpoints.next()) {
      this.#checkSignature(row);
      this.#find({
        code: 'tail_removed',
        leaf: this.size,
        says: `A checkpoint covers ${row.size} events, and only ${this.size} are there.`,
      });
    }
  }

  /** Without a signature nothing says whose tree it is: whoever rewrites it need only remove the checkpoints. */
  findUnsigned(): void {
    const { newest } = this.#checkpoints;
    if (this.size === 0 || (newest > 0 && this.size - newest <= mostUnsigned)) return;
    this.#find({
      code: 'leaves_unsigned',
      leaf: newest,
      says: `No checkpoint covers the events from leaf ${newest} on: nobody has signed them, or their checkpoints were removed.`,
    });
  }

  compareWitnessesAhead(witnessed: readonly Witnessed[]): void {
    const newest = witnessed.at(-1);
    if (newest === undefined || newest.size <= this.size) return;
    const first = witnessed.find(({ size }) => size > this.size) as Witnessed;
    const since = first.time === undefined ? '' : ` Events are missing that ${first.file} knew of at ${first.time}.`;
    this.#find({
      code: 'witness_ahead',
      leaf: this.size,
      says: `${newest.file} has seen ${newest.size} events, and only ${this.size} are there: a restored backup, or the newest were removed.${since}`,
    });
  }

  async findSlippedIn(): Promise<void> {
    if (this.#previous === undefined) return;
    for (const { id, occurred_at } of await this.#options.reader.eventsBehind(this.#previous.key)) {
      const time = Number.isFinite(Number(occurred_at)) ? new Date(occurred_at).toISOString() : String(occurred_at);
      this.#find({
        code: 'event_slipped_in',
        event: id,
        says: `Event ${id} (${time}) was slipped in: it has no leaf, although later ones have.`,
      });
    }
  }

  async checkRedactions(): Promise<void> {
    // What was redacted is recorded by the same transaction: so this order.
    const redactions = await this.#options.reader.redactions();
    const recorded = await this.#options.reader.recordedRedactions();
    for (const { digest, events, firstEvent, redactedAt } of redactions) {
      if (recorded.has(digest)) continue;
      this.#find({
        code: 'redaction_unrecorded',
        event: firstEvent,
        says: `${events} events, the first of them ${firstEvent}, have ${redactedAt} as the time of their redaction, and no record of one fits them: they were emptied by hand, or changed afterwards.`,
      });
    }
  }

  async checkErasures(): Promise<void> {
    for (const { erasure, event, removed } of await this.#options.reader.changedErasures()) {
      const what = removed ? 'was removed, or is no longer carried out' : 'is not what was sealed with it';
      this.#find({
        code: 'erasure_changed',
        ...(event !== null && { event }),
        says: `The row of erasure ${erasure} ${event === null ? 'was slipped in: no event carried it out' : what}.`,
      });
    }
  }

  async report(): Promise<Report> {
    const byPlace = ({ leaf }: Finding) => leaf ?? Number.POSITIVE_INFINITY;
    return {
      findings: this.#findings.toSorted((a, b) => (byPlace(a) === byPlace(b) ? 0 : byPlace(a) - byPlace(b))),
      sealed: this.size,
      unsealed: await this.#options.reader.countUnsealed(this.#previous?.key ?? [0n, 0n, 0n]),
      checkpoints: this.#checkpoints.read,
      redacted: this.#redacted,
      newestSize: this.#checkpoints.newest,
    };
  }
}

/** The checkpoints of the database, a page at a time. */
class CheckpointStream {
  readonly #reader: AuditReader;
  readonly #end: number;
  #rows: CheckpointRow[] = [];
  #position = 0;
  #done = false;
  read = 0;
  newest = 0;

  /** @param end the largest size to read */
  constructor(reader: AuditReader, end: number) {
    this.#reader = reader;
    this.#end = end;
  }

  /** Whether it is worth asking for this size. */
  mayHave(size: number): boolean {
    const row = this.#rows[this.#position];
    return row === undefined ? !this.#done : row.size === size;
  }

  async at(size: number): Promise<CheckpointRow | undefined> {
    await this.#fill();
    return this.#rows[this.#position]?.size === size ? this.next() : undefined;
  }

  async next(): Promise<CheckpointRow | undefined> {
    await this.#fill();
    const row = this.#rows[this.#position];
    if (row === undefined) return undefined;
    this.#position += 1;
    this.read += 1;
    this.newest = row.size;
    return row;
  }

  async #fill(): Promise<void> {
    if (this.#position < this.#rows.length || this.#done) return;
    this.#rows = await this.#reader.checkpointsAfter(this.newest, this.#end, 1_000);
    this.#position = 0;
    this.#done = this.#rows.length === 0;
  }
}

const about = ({ index, eventId }: LeafRow) => ({ leaf: index, event: eventId });

/** What cannot be hashed, such as a text that is no JSON any more, is not what was sealed. */
function hashes(event: readonly (string | null)[], salt: Buffer, expected: Hash): boolean {
  try {
    return hashEvent(event, salt).equals(expected);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function faultOf({ size, root, note }: CheckpointRow, verifiers: readonly Verifier[]): string | undefined {
  try {
    const said = openCheckpoint(note, verifiers);
    return said.size === size && said.root.equals(root) ? undefined : 'says another thing than its note';
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    return error.code === 'note_unsigned' ? 'is not signed with a known key' : 'has a broken note or signature';
  }
}

function compareKeys(a: EventKey, b: EventKey): number {
  for (const at of [0, 1, 2] as const) if (a[at] !== b[at]) return a[at] < b[at] ? -1 : 1;
  return 0;
}
