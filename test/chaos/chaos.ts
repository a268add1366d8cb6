import { setTimeout as pause } from 'node:timers/promises';
import { findPostgres } from '../../local/postgres-binaries.ts';
import { findServerUser } from '../../local/server-user.ts';
import { type Faults, startFaults } from './faults.ts';
import { checkAll, checkQueries, type Invariant } from './invariants.ts';
import { asFigures } from './load/tally.ts';
import { startLoad } from './load.ts';
import { createChance } from './random.ts';
import { durableServer } from './server.ts';
import { settle } from './settle.ts';
import { measureStarts } from './start-delay.ts';
import { createWorld, type World } from './world.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Folder for the programs' logs, which stay. */
  readonly logs: string;
  readonly pooled?: boolean;
  readonly settleMs?: number;
  report(line: string): void;
}

export interface ChaosReport {
  readonly seed: number;
  readonly seconds: number;
  readonly figures: Readonly<Record<string, string | number>>;
  readonly faults: Faults['counts'];
  readonly treatments: ReadonlyMap<string, number>;
  readonly invariants: readonly Invariant[];
}

async function countPushes(world: World) {
  const states = await world.admin<{ state: string; count: number }>(
    'select state::text, count(*)::int as count from sync.pushes group by state order by state',
  );
  const attempts = await world.admin<{ result: string; count: number }>(
    'select result::text, count(*)::int as count from sync.push_attempts group by result order by result',
  );
  const [breakers] = await world.admin<{ count: number }>(
    `select count(*)::int as count from audit.events where event = 'breaker_opened'`,
  );
  return {
    ...Object.fromEntries(states.map(({ state, count }) => [`pushes ${state}`, count])),
    ...Object.fromEntries(attempts.map(({ result, count }) => [`attempts ${result}`, count])),
    'breakers opened': breakers?.count ?? 0,
  };
}

/** Runs the system under load and misuse for a while, lets it come to rest, and looks at what is left. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const chance = createChance(options.seed);
  await using parts = new AsyncDisposableStack();
  options.report('starting');
  const bin = `${await findPostgres(18, findServerUser())}/bin`;
  const { logs, pooled = false } = options;
  const startServer = durableServer({ bin, logs });
  const world = await createWorld({ chance, logs, pooled, startServer }, parts);
  const load = startLoad(world, chance);
  const faults = startFaults(world, chance, [500, 2_500]);
  options.report(`${options.seconds} s of chaos, seed ${options.seed}`);
  await pause(options.seconds * 1000);
  await faults.stop();
  await load.stop();

  options.report('coming to rest');
  await untilReady(world);
  await world.admin('select worker.reconcile()');
  const scheduled = await checkQueries(world, ['nothing pending without a job or a schedule']);
  const waiting = scheduled[0]?.looked ?? 0;
  await settle(world, options.settleMs ?? 120_000);
  const delays = await measureStarts(world, 20);
  const invariants = [
    ...scheduled.map((each) => ({ ...each, what: `${each.what} (before it came to rest)` })),
    ...(await checkAll(world, load)),
  ];
  const figures = {
    'observations acknowledged': load.acknowledged.size,
    'logins over HTTP': load.logins(),
    'calls that failed': load.unanswered(),
    ...asFigures('of them', load.reasons),
    'numbers removed': load.removals(),
    'requests at member systems': world.memberSystems.requests(),
    'pushes in all': waiting,
    ...(await countPushes(world)),
    'program starts': [...world.callbacks, ...world.workers].reduce((sum, program) => sum + program.starts(), 0),
    'enqueue to start afterwards, median': `${delays[Math.floor(delays.length / 2)]} ms`,
    'enqueue to start afterwards, slowest': `${delays.at(-1)} ms`,
  };
  const { seed, seconds } = options;
  return { seed, seconds, figures, faults: faults.counts, treatments: world.memberSystems.counts, invariants };
}

/** The programs are up, and both workers' heartbeats have been heard since. */
async function untilReady(world: World): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const [row] = await world
      .admin<{ alive: number }>(
        `select count(*)::int as alive from sync.workers where seen_at > now() - interval '5 seconds'`,
      )
      .catch(() => []);
    if ((row?.alive ?? 0) >= world.workers.length && world.callbacks.every((callback) => callback.pid() !== undefined))
      return;
    if (performance.now() > deadline) throw new Error('the programs did not come back');
    await pause(200);
  }
}
