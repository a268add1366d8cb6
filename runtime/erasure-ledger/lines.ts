import { createHash } from 'node:crypto';
import { z } from 'zod';

/** An erasure as it is written outside the database: it names nobody. */
export type LedgerErasure = {
  /** Identifies the erasure (uuid). */
  id: string;
  /** Slug. */
  organization: string;
  announced_at: Date;
  records: { member_id: string; external_id_digest: string }[];
};

const line = z.strictObject({
  erasure: z.guid(),
  organization: z.string(),
  /** ISO 8601, UTC. */
  announced_at: z.iso.datetime(),
  records: z.array(z.strictObject({ member_id: z.guid(), external_id_digest: z.string().regex(/^[0-9a-f]{64}$/) })),
  /** `hash` of a line before it; the first line's is 64 zeros. */
  previous: z.string().regex(/^[0-9a-f]{64}$/),
  /** SHA-256 (hex) over the line without it, as JSON in this order. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

export type LedgerLine = z.infer<typeof line>;

/** What stands before the first line. */
const START = '0'.repeat(64);

/** The next line of a ledger, without its line feed. */
export function writeLine(erasure: LedgerErasure, before: LedgerLine[]): string {
  const content = {
    erasure: erasure.id,
    organization: erasure.organization,
    announced_at: erasure.announced_at.toISOString(),
    records: erasure.records.map(({ member_id, external_id_digest }) => ({ member_id, external_id_digest })),
    previous: before.at(-1)?.hash ?? START,
  };
  return JSON.stringify({ ...content, hash: digest(content) });
}

/**
 * Reads a ledger. A line that was cut off while it was written counts for nothing: it was never reported as written. Any other that is missing or
 * changed is missed by the line after it.
 *
 * @returns undefined when a line is missing
 */
export function readLines(text: string): LedgerLine[] | undefined {
  const lines = text.split('\n').flatMap((each) => readLine(each) ?? []);
  const known = new Set([START, ...lines.map(({ hash }) => hash)]);
  return lines.every(({ previous }) => known.has(previous)) ? lines : undefined;
}

function readLine(text: string): LedgerLine | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined; // cut off
  }
  const read = line.safeParse(found).data;
  if (read === undefined) return undefined;
  const { hash, ...content } = read;
  return hash === digest(content) ? read : undefined;
}

const digest = (content: Omit<LedgerLine, 'hash'>) =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex');
