import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Context } from '../context.ts';
import type { BenchKeys } from '../keys.ts';
import { watchLimits } from '../limits.ts';
import type { Row } from '../row.ts';
import type { BenchOrganization } from '../world.ts';
import { single } from './decisions.ts';
import { writeMemberFile } from './member-file.ts';

const MAIN = resolve(import.meta.dirname, '..', '..', 'members-import', 'main.ts');
const LOOK_EVERY_MS = 200;

/** Row 8: an export with a number in every row, killed once when nine tenths are done, and started again. */
export async function measureImport(
  context: Context,
  organization: BenchOrganization,
  keys: BenchKeys,
): Promise<Row[]> {
  const { cluster, size, say } = context;
  const path = join(cluster.folder, 'members.csv');
  await writeMemberFile(path, size.importRows);
  const begun = performance.now();
  const looking = await watchLimits(cluster);
  const first = startImport(context, organization, keys, path);
  const peaks: number[] = [];
  await watch(context, first, peaks, size.importRows * 0.9);
  first.kill('SIGKILL');
  say(`  killed after ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  const second = startImport(context, organization, keys, path);
  await watch(context, second, peaks, Number.POSITIVE_INFINITY);
  const seconds = (performance.now() - begun) / 1000;
  const limits = await looking.stop(size.importRows);
  await checkNothingIsLost(context, organization);
  const perMillion = (seconds * 1_000_000) / size.importRows;
  const note = `${size.importRows} rows, each validated, sealed, indexed, stored and audited; killed at 90 % and started again, both starts counted.`;
  return [
    single({
      id: 'import-time',
      what: 'import of members with numbers: minutes for 1,000,000 rows',
      unit: 'min',
      values: [perMillion / 60],
      bar: { at: 'most', value: 10 },
      sides: [{ name: 'rows a second', unit: '/s', figure: one(size.importRows / seconds), limits }],
      note: size.importRows === 1_000_000 ? note : `${note} Extrapolated to a million.`,
    }),
    single({
      id: 'import-memory',
      what: 'import of members with numbers: most memory',
      unit: 'MB',
      values: [Math.max(...peaks)],
      bar: { at: 'most', value: 512 },
      sides: [],
      note: 'Largest resident size of the program with all its threads.',
    }),
  ];
}

const one = (value: number) => ({ median: value, min: value, max: value, rounds: [value] });

function startImport(
  { cluster }: Context,
  organization: BenchOrganization,
  keys: BenchKeys,
  path: string,
): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  return spawn(process.execPath, [MAIN, '--organization', organization.slug, '--partial', path], {
    env: {
      PATH,
      HOME,
      DEPLOYMENT: 'test',
      DATABASE_URL: cluster.urls.member_importer,
      PERSONNUMMER_SEALING_KEYS: keys.sealing,
      PERSONNUMMER_INDEX_SECRETS: keys.index,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Until so many records are done, or the program has ended; looks at its memory all the while. */
async function watch({ cluster }: Context, child: ChildProcess, peaks: number[], records: number): Promise<void> {
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  for (;;) {
    const code = await Promise.race([ended, new Promise<'look'>((done) => setTimeout(done, LOOK_EVERY_MS, 'look'))]);
    if (code === 0) return;
    if (code !== 'look') throw new Error(`the import ended with ${code}`);
    peaks.push(residentMegabytes(child.pid as number));
    const { rows } = await cluster.pool.query<{ done: number }>(
      `select coalesce(max(records_done), 0)::int as done from registry.import_runs where state = 'running'`,
    );
    if ((rows[0]?.done ?? 0) >= records) return;
  }
}

function residentMegabytes(pid: number): number {
  try {
    return Number(/VmHWM:\s+([0-9]+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0; // gone between the two looks
  }
}

async function checkNothingIsLost({ cluster, size }: Context, organization: BenchOrganization): Promise<void> {
  const { rows } = await cluster.pool.query<{ members: number; events: number }>(
    `select (select count(personnummer_index)::int from registry.members where organization_id = $1 and external_id like 'i%') as members,
            (select count(*)::int from audit.events where organization_id = $1 and event = 'member_added') as events`,
    [organization.id],
  );
  const found = rows[0];
  if (found?.members !== size.importRows || found.events !== size.importRows) {
    throw new Error(`${size.importRows} rows became ${found?.members} members and ${found?.events} audit events`);
  }
}
