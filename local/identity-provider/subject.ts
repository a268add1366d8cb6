import { createHash } from 'node:crypto';

/** The `sub` of a person: a UUID of its own for each person and client, the same at every login. */
export function subjectAt(clientId: string, personId: string): string {
  const hex = createHash('sha256').update(`${clientId} ${personId}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
