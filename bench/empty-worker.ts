import { run } from 'graphile-worker';
import pg from 'pg';

// The peer of the worker: graphile-worker with the same concurrency and a task that does nothing.
const pool = new pg.Pool({ connectionString: process.argv[2] as string, max: 12 });
await run({
  pgPool: pool,
  taskList: { bench_empty: async () => undefined },
  concurrency: 10,
  pollInterval: 2_000,
  preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  crontab: '',
});
