/** `npm run migrate -- --plan`: what is to be applied, and whether people who log in wait for it. */
import { openConnection } from '../runtime/single-connection.ts';
import type { Effect } from './locks/effect.ts';
import { readLoginTables } from './locks/login-tables.ts';
import { type Judgement, judgeMigrations } from './locks/migration.ts';
import { MIGRATIONS_FOLDER, readMigrations } from './migration-files.ts';
import { appliedVersions } from './put-right.ts';

export interface MigrationPlan {
  /** The database has migrations of ours already, so somebody may log in. */
  readonly known: boolean;
  /** Those that are to be applied, in their order. */
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
  return { known: applied.size > 0, judgements: await judgeMigrations(missing, earlier, readLoginTables()) };
}

/** As lines for whoever runs the command. */
export function describePlan({ known, judgements }: MigrationPlan): string[] {
  if (judgements.length === 0) return ['no migration is to be applied'];
  return [
    `${judgements.length} ${judgements.length === 1 ? 'migration is' : 'migrations are'} to be applied`,
    ...(known ? [] : ['a new database: there is nobody yet who could log in']),
    ...judgements.flatMap(({ file, effects, waiting, faults }) => [
      file,
      `  ${summarize(effects)}`,
      ...(known ? [`  logins: ${WAITING[waiting]}`, ...faults.map((fault) => `    ${fault}`)] : []),
    ]),
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
