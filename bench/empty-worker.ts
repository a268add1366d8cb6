import { run } from 'graphile-worker';
import pg from 'pg';

// The peer of the worker: graphile-worker with the same concurrency and a task that does nothing.
const [url = '', concurrency = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: Number(concurrency) + 2 });
await run({
  pgPool: pool,
  taskList: { bench_empty: async () => undefined },
  concurrency: Number(concurrency),
  pollInterval: 2_000,
  preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  crontab: '',
});
