import { resolve } from 'node:path';
import { runDemo } from './demo/run-demo.ts';
import { formatTable, invoiceColumns, loginColumns } from './demo/table.ts';
import { runUntilStopped } from './stack/run-until-stopped.ts';
import { startStack } from './stack.ts';

// `npm run demo`: a stack of its own, beside one that may be running; every sample person logs in, and tables show what
// became of it, and of the sample invoices. Exits with 1 where something came out otherwise than expected. LOCAL_FOLDER: another folder than `.local/demo`.

const DEFAULT_FOLDER = resolve(import.meta.dirname, '..', '.local', 'demo');

function judge(what: string, rows: { asExpected: boolean }[]): string {
  const different = rows.filter(({ asExpected }) => !asExpected);
  const verdict = different.length === 0 ? 'all as expected' : `${different.length} otherwise than expected`;
  return `${rows.length} ${what}, ${verdict}`;
}

const folder = resolve(process.env.LOCAL_FOLDER || DEFAULT_FOLDER);
await runUntilStopped(async (parts) => {
  console.log('Starting the whole system ...');
  const stack = await startStack({ folder, report: (line) => console.error(line) }, parts);
  console.log('Everybody logs in; while people log in to hlf with Vipps, the member system there is down ...');
  const { rows, invoices, withdrawal } = await Promise.race([
    runDemo(stack.file()),
    stack.lost.then((reason) => Promise.reject(new Error(reason))),
  ]);
  console.log(formatTable(loginColumns, rows));
  console.log(judge('logins', rows));
  console.log(withdrawal);
  console.log(formatTable(invoiceColumns, invoices));
  console.log(judge('invoices', invoices));
  await parts.disposeAsync();
  process.exit([...rows, ...invoices].every(({ asExpected }) => asExpected) ? 0 : 1);
});
