import type { Context } from '../context.ts';
import type { BenchKeys } from '../keys.ts';
import { startBenchProgram } from '../programs.ts';
import { finish, type Row } from '../row.ts';
import { spreadOf } from '../statistics.ts';

const NOTE = [
  'The same logins with a worker that seals and with that worker stopped (SIGSTOP), by turns; before a round with it, it has sealed what',
  'came without it. The age is that of the oldest event without a leaf, asked for every quarter of a second during the rounds.',
].join(' ');

/** Two hundredths are less than one round differs from the next: so many times as many rounds. */
const ROUNDS = 3;

/** Logs in for so many seconds. */
type LogIn = (seconds: number) => Promise<{ perSecond: number }>;

/** Row: logins a second while the audit is sealed, over without; and how soon events are sealed under that load. */
export async function measureSealing({ cluster, size }: Context, keys: BenchKeys, logIn: LogIn): Promise<Row[]> {
  const worker = startBenchProgram(cluster.folder, 'worker/main.ts', {
    DEPLOYMENT: 'local',
    DATABASE_URL: cluster.urls.sync_worker,
    PERSONNUMMER_UNSEALING_KEYS: keys.unsealing,
    PERSONNUMMER_INDEX_SECRETS: keys.index,
    AUDIT_SEALING_KEY: keys.audit,
    LOG_LEVEL: 'warn',
  });
  const oldest = async () => {
    const { rows } = await cluster.pool.query('select oldest_unsealed_seconds as age from worker.sealing_metrics()');
    return Number(rows[0].age);
  };
  const caughtUp = async () => {
    while ((await oldest()) > 0) await new Promise((done) => setTimeout(done, 100));
  };
  const [withIt, without, ages]: number[][] = [[], [], []];
  /** The same questions are asked while the worker stands still: they cost something too. */
  const watched = async () => {
    let [oldestSeen, running] = [0, true];
    const watching = (async () => {
      while (running) {
        oldestSeen = Math.max(oldestSeen, await oldest());
        await new Promise((done) => setTimeout(done, 250));
      }
    })();
    const { perSecond } = await logIn(size.roundSeconds);
    running = false;
    await watching;
    return { perSecond, oldestSeen };
  };
  const sealing = async () => {
    process.kill(worker.pid, 'SIGCONT');
    await caughtUp();
    const { perSecond, oldestSeen } = await watched();
    withIt?.push(perSecond);
    ages?.push(oldestSeen);
  };
  const standing = async () => {
    process.kill(worker.pid, 'SIGSTOP');
    without?.push((await watched()).perSecond);
  };
  try {
    await caughtUp();
    for (let round = 0; round < ROUNDS * size.rounds; round += 1) {
      for (const turn of round % 2 === 0 ? [sealing, standing] : [standing, sealing]) await turn();
    }
  } finally {
    await worker.kill();
  }
  return describe({ withIt: withIt as number[], without: without as number[], ages: ages as number[] });
}

function describe({ withIt, without, ages }: { withIt: number[]; without: number[]; ages: number[] }): Row[] {
  return [
    finish({
      id: 'logins-while-sealing',
      what: 'whole logins a second while a worker seals the audit, over the same without',
      unit: 'ratio',
      value: spreadOf(withIt.map((perSecond, at) => perSecond / (without[at] as number))),
      bar: { at: 'least', value: 0.98 },
      sides: [
        { name: 'without', unit: '/s', figure: spreadOf(without) },
        { name: 'while it seals', unit: '/s', figure: spreadOf(withIt) },
      ],
      note: NOTE,
    }),
    finish({
      id: 'sealed-within',
      what: 'oldest event that is not sealed, while logins come as fast as they can',
      unit: 's',
      value: spreadOf(ages),
      bar: { at: 'most', value: 10 },
      sides: [],
      note: NOTE,
    }),
  ];
}
