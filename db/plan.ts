/** `npm run migrate -- --plan`: what is to be applied, and whether people who log in wait for it. */
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { openConnection } from '../runtime/single-connection.ts';
import type { Effect } from './locks/effect.ts';
import { readLoginTables } from './locks/login-tables.ts';
import { type Judgement, judgeMigrations } from './locks/migration.ts';
import { MIGRATIONS_FOLDER, readMigrations } from './migration-files.ts';
import { appliedVersions } from './put-right.ts';

export interface MigrationPlan {
  /** The database has migrations of ours already, so somebody may log in. */
  readonly known: boolean;
  /** Numbers of graphile-worker's own migrations of its queue that are to be applied. */
  readonly queue: readonly number[];
  /** Ours that are to be applied, in their order. */
  readonly judgements: readonly Judgement[];
}

/** Looks, in a connection that can write nothing. @param folder where the migrations are */
export async function planMigrations(databaseUrl: string, folder = MIGRATIONS_FOLDER): Promise<MigrationPlan> {
  await using client = await openConnection(databaseUrl, 'migrate plan');
  await client.query('set default_transaction_read_only = on');
  const applied = new Set(await appliedVersions(client));
  const files = await readMigrations(folder);
  const missing = files.filter(({ version }) => !applied.has(version));
  const earlier = missing.length === 0 ? [] : files.filter(({ version }) => applied.has(version));
  const judgements = await judgeMigrations(missing, earlier, readLoginTables());
  return { known: applied.size > 0, queue: await missingOfQueue(client), judgements };
}

/** graphile-worker tells nobody what it would apply, but its package holds the files, and its table what was applied. */
async function missingOfQueue(client: pg.Client): Promise<number[]> {
  const folder = new URL('../sql/', import.meta.resolve('graphile-worker'));
  const files = (await readdir(fileURLToPath(folder))).filter((file) => /^\d+\.sql$/.test(file)).sort();
  const { rows } = await client.query(`select to_regclass('graphile_worker.migrations') is not null as known`);
  const applied = rows[0].known ? (await client.query('select id from graphile_worker.migrations')).rows : [];
  const last = Math.max(0, ...applied.map(({ id }) => Number(id)));
  return files.map((file) => Number.parseInt(file, 10)).filter((number) => number > last);
}

/** @returns whether `npm run migrate` would apply anything */
export function hasWork({ queue, judgements }: MigrationPlan): boolean {
  return queue.length + judgements.length > 0;
}

/** As lines for whoever runs the command. */
export function describePlan(plan: MigrationPlan): string[] {
  const { known, queue, judgements } = plan;
  if (!hasWork(plan)) return ['no migration is to be applied'];
  return [
    `${judgements.length} ${judgements.length === 1 ? 'migration is' : 'migrations are'} to be applied`,
    ...(known ? [] : ['a new database: there is nobody yet who could log in']),
    ...(known && queue.length > 0 ? describeQueue(queue) : []),
    ...judgements.flatMap(({ file, effects, waiting, faults }) => [
      file,
      `  ${summarize(effects)}`,
      ...(known ? [`  logins: ${WAITING[waiting]}`, ...faults.map((fault) => `    ${fault}`)] : []),
    ]),
  ];
}

/** Logins only add jobs; what stops is a worker, where graphile-worker calls one of them breaking. */
function describeQueue(queue: readonly number[]): string[] {
  return [
    `job queue: graphile-worker's own ${queue.length === 1 ? 'migration' : 'migrations'} ${queue.join(', ')}`,
    '  workers of the version before may stop by themselves: start the new ones soon. Its release notes say whether logins wait',
  ];
}

const WAITING = {
  'not at all': 'go on',
  'a moment': 'wait for a moment',
  long: 'stop until it is done: let nobody in while it runs',
};

/** What stands beside something that is told anyway. */
const BESIDE = new Set(['comments', 'grants', 'alters default privileges']);
const MOST_NAMED = 3;

/** One line: few things by name, many by number. */
function summarize(effects: readonly Effect[]): string {
  const objects = Map.groupBy(effects, ({ verb }) => verb);
  const told = [...objects].filter(([verb]) => !BESIDE.has(verb) || objects.size === 1);
  const parts = told.map(([verb, all]) => {
    const names = [...new Set(all.map(({ object }) => object).filter(Boolean))];
    if (names.length > MOST_NAMED) return `${verb}: ${names.length}`;
    return [verb, names.join(', ')].filter(Boolean).join(' ');
  });
  return parts.join('; ') || 'nothing';
}
