import { hash } from 'node:crypto';
import { asWritten, canonicalJson } from './canonical-json.ts';
import { type Hash, hashLeaf } from './tree.ts';

/** The columns of an event that are sealed, each as text or null, by their names. Names of columns that came later may be missing. */
export type EventContent = { readonly [Column in SealedColumn]?: string | null };

/**
 * What is sealed of an event, and how SQL writes it so that every server, version, time zone and restore writes the same: times as whole
 * microseconds since 1970 UTC, the rest as plain text. By name: that is the order in which they are hashed.
 */
const columns = {
  actor: 'e.actor',
  conflict_id: 'e.conflict_id::text',
  detail: 'e.detail::text',
  epoch: 'e.epoch::text',
  event: 'e.event::text',
  id: 'e.id::text',
  member_id: 'e.member_id::text',
  message: 'e.message::text',
  observation_id: 'e.observation_id::text',
  occurred_at: microseconds('e.occurred_at'),
  organization_id: 'e.organization_id::text',
  push_id: 'e.push_id::text',
  redacted_at: microseconds('e.redacted_at'),
  source: 'e.source::text',
  transaction_id: 'e.transaction_id::text',
} as const;

export type SealedColumn = keyof typeof columns;

// An infinite time is no number of microseconds; nothing of ours writes one, but somebody who changes rows by hand may.
function microseconds(column: string): string {
  return `case when isfinite(${column}) then (extract(epoch from ${column}) * 1000000)::bigint::text else ${column}::text end`;
}

/** The names of the sealed columns, in their order. */
export const sealedColumns = Object.keys(columns) as SealedColumn[];

/** Beginning of a select from `audit.events as e`, one output column for each sealed one, in their order. */
export const selectSealedColumns = sealedColumns.map((name) => `${columns[name]} as ${name}`).join(', ');

const version = 1;
const saltBytes = 32;

/** Each name with its length before it. */
const prefixes = sealedColumns.map((name) => lengthPrefixed(Buffer.from(name)));

function lengthPrefixed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

let room = Buffer.alloc(4096);

/**
 * The leaf of an event: SHA-256(0x00, SHA-256(version byte, salt, fields)). Fields are the columns by name; each is the name and the text
 * (UTF-8), both after their length (4 bytes, big endian). What is null is left out, so a column that comes later and is null changes nothing.
 *
 * @param values of `sealedColumns`, in their order
 * @param salt 32 random bytes
 */
export function hashEvent(values: readonly (string | null)[], salt: Uint8Array): Hash {
  let most = 1 + saltBytes;
  for (const value of values) most += value === null ? 0 : 4 + 20 + 4 + value.length * 3;
  if (room.length < most) room = Buffer.alloc(most * 2);
  room[0] = version;
  room.set(salt, 1);
  let at = 1 + saltBytes;
  for (const [column, value] of values.entries()) {
    if (value === null) continue;
    const prefix = prefixes[column] as Buffer;
    room.set(prefix, at);
    at += prefix.length;
    const length = room.write(sealedColumns[column] === 'detail' ? canonicalJson(value, asWritten) : value, at + 4);
    room.writeUInt32BE(length, at);
    at += 4 + length;
  }
  return hashLeaf(hash('sha256', room.subarray(0, at), 'buffer'));
}

/** The same for a row by column names. */
export function hashEventRow(row: EventContent, salt: Uint8Array): Hash {
  return hashEvent(
    sealedColumns.map((name) => row[name] ?? null),
    salt,
  );
}
