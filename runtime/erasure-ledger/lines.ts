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
 * Reads a ledger. A line that was cut off while it was written counts for nothing: it was never reported as written. A line that was changed is
 * noticed by its hash, one that is missing by the line after it. A text that is no ledger, such as a page to log in, is none either.
 *
 * @returns undefined when a line is missing, or is no line of a ledger
 */
export function readLines(text: string): LedgerLine[] | undefined {
  const read = text
    .split('\n')
    .filter((each) => each.trim() !== '' && !isCutOff(each))
    .map(readLine);
  const lines = read.filter((each) => each !== undefined);
  const known = new Set([START, ...lines.map(({ hash }) => hash)]);
  return lines.length === read.length && lines.every(({ previous }) => known.has(previous)) ? lines : undefined;
}

const BEGINNING = '{"erasure":"';

/** What is cut off begins like a line, and is no JSON. */
function isCutOff(text: string): boolean {
  return text.slice(0, BEGINNING.length) === BEGINNING.slice(0, text.length) && parse(text) === undefined;
}

function readLine(text: string): LedgerLine | undefined {
  const read = line.safeParse(parse(text)).data;
  if (read === undefined) return undefined;
  const { hash, ...content } = read;
  return hash === digest(content) ? read : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const digest = (content: Omit<LedgerLine, 'hash'>) =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex');
