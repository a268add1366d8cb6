import type { World } from './world.ts';

const tables = [
  'registry.observations',
  'registry.identity_links',
  'registry.conflicts',
  'registry.consents',
  'registry.revocations',
  'registry.members',
  'registry.sessions',
  'audit.events',
  'graphile_worker.jobs',
];

/** Everything the database holds in clear, as one text: for "it is nowhere". */
export async function databaseText(world: World): Promise<string> {
  const parts = await Promise.all(
    tables.map(async (table) => {
      const { rows } = await world.db.pool.query<{ text: string }>(`select t::text as text from ${table} as t`);
      return rows.map(({ text }) => text).join('\n');
    }),
  );
  return parts.join('\n');
}
