import type { InstallationDatabase } from '../installation.ts';
import { withClient } from '../stack/database.ts';

/** What stands in a database at one moment. */
export interface Sight {
  readonly counts: Readonly<Record<string, number>>;
  /** Table → digest of its rows. */
  readonly digests: Readonly<Record<string, string>>;
}

/** Tables whose rows are compared one by one. What a worker writes by the clock (heartbeats, attempts, seals) is not among them. */
export const DIGESTS = [
  'registry.members',
  'registry.observations',
  'registry.identity_links',
  'registry.conflicts',
  'registry.resolutions',
  'audit.events',
  'audit.erasures',
] as const;

/** Workers seal by the clock: what is not sealed yet differs from one second to the next. */
export const UNSEALED = 'audit events, not sealed yet';

const COUNTS: Record<string, string> = {
  members: 'select from registry.members where erasure_id is null',
  'members with a number': 'select from registry.members where personnummer_index is not null',
  logins: 'select from registry.observations',
  'open cases': 'select from registry.conflicts where closed_at is null',
  decisions: 'select from registry.resolutions',
  'changes delivered': `select from sync.pushes where state = 'delivered'`,
  'changes that wait': 'select from sync.pushes where settled_at is null',
  'persons erased': 'select from audit.erasures',
  'audit events': 'select from audit.events',
  [UNSEALED]: 'select from audit.events as e where not exists (select from audit.leaves as l where l.event_id = e.id)',
};

/** All in one snapshot. */
export async function look({ url }: InstallationDatabase): Promise<Sight> {
  const counts = Object.values(COUNTS).map((query, nth) => `(select count(*)::int from (${query}) as q) as c${nth}`);
  const digests = DIGESTS.map(
    (table, nth) =>
      `(select md5(coalesce(string_agg(t::text, E'\\n' order by t::text), '')) from ${table} as t) as d${nth}`,
  );
  const { rows } = await withClient(url, (client) =>
    client.query<Record<string, number | string>>(`select ${[...counts, ...digests].join(', ')}`),
  );
  const [row = {}] = rows;
  return {
    counts: Object.fromEntries(Object.keys(COUNTS).map((what, nth) => [what, row[`c${nth}`] as number])),
    digests: Object.fromEntries(DIGESTS.map((table, nth) => [table, row[`d${nth}`] as string])),
  };
}
