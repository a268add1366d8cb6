import { resolve } from 'node:path';
import { type DemoRow, runDemo } from './demo/run-demo.ts';
import { formatTable } from './demo/table.ts';
import { runUntilStopped } from './stack/run-until-stopped.ts';
import { startStack } from './stack.ts';

// `npm run demo`: a stack of its own, beside one that may be running; every sample person logs in, and a table shows what
// became of it. Exits with 1 where something came out otherwise than expected. LOCAL_FOLDER: another folder than `.local/demo`.

const DEFAULT_FOLDER = resolve(import.meta.dirname, '..', '.local', 'demo');

function judge(rows: DemoRow[]): string {
  const different = rows.filter(({ asExpected }) => !asExpected);
  const verdict = different.length === 0 ? 'all as expected' : `${different.length} otherwise than expected`;
  return `${rows.length} logins, ${verdict}`;
}

const folder = resolve(process.env.LOCAL_FOLDER || DEFAULT_FOLDER);
await runUntilStopped(async (parts) => {
  console.log('Starting the whole system ...');
  const stack = await startStack({ folder, report: (line) => console.error(line) }, parts);
  console.log('Everybody logs in; while people log in to hlf with Vipps, the member system there is down ...');
  const { rows, withdrawal } = await Promise.race([
    runDemo(stack.file()),
    stack.lost.then((reason) => Promise.reject(new Error(reason))),
  ]);
  console.log(formatTable(rows));
  console.log(judge(rows));
  console.log(withdrawal);
  await parts.disposeAsync();
  process.exit(rows.every(({ asExpected }) => asExpected) ? 0 : 1);
});
