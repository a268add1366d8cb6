import pg from 'pg';
import { ImportError } from '../runtime/csv/errors.ts';
import { inBatches } from '../runtime/csv/in-order.ts';
import { inspectFile } from '../runtime/csv/inspect-file.ts';
import { checkPlace, refuseSameFiles } from '../runtime/csv/list-places.ts';
import { type ProgressOptions, showProgress } from '../runtime/csv/progress.ts';
import { writeList } from '../runtime/csv/write-list.ts';
import { norwegianDay } from '../runtime/norwegian-day.ts';
import type { Arguments } from './arguments.ts';
import { openInvoiceFile } from './invoice-file.ts';
import type { InvoiceLine } from './judge-line.ts';

/** What came of a file. */
export type Issued = { added: number; known: number; rejected: number };

const BATCH = 200;
const rejectedHeader = 'line,reasons';

/** SQLSTATEs of `billing.load_invoices`, and of a database that has none. */
const refusals: Record<string, [ConstructorParameters<typeof ImportError>[0], string]> = {
  PN020: ['organization_unknown', 'there is no such organisation'],
  PN021: ['issuer_missing', 'the organisation has no issuer of invoices; npm run configure gives it one'],
  '42501': ['database_refused', 'the user in DATABASE_URL may not issue invoices; it must be the role member_importer'],
  '3F000': ['database_refused', 'the database lacks what invoices need; npm run migrate brings it up to date'],
  '42883': ['database_refused', 'the database lacks what invoices need; npm run migrate brings it up to date'],
  '23514': ['rows_refused', 'the database does not accept the rows'],
};

/**
 * Takes the invoices of a file in, to be issued by the worker. The same file may be given again, also after it was cut short: an invoice number
 * that is there already is not added again.
 *
 * @throws {ImportError}
 */
export async function issueInvoices(
  client: Pick<pg.ClientBase, 'query'>,
  options: Arguments,
  terminal: ProgressOptions['stream'],
): Promise<Issued> {
  const file = await openInvoiceFile(options.file);
  await refuseSameFiles([
    { name: 'the file', path: options.file },
    { name: '--rejected', path: options.rejectedFile },
  ]);
  await checkPlace(options.rejectedFile, rejectedHeader);
  const counts: Issued = { added: 0, known: 0, rejected: 0 };
  const rejected: string[] = [];
  const reject = (line: number, reasons: readonly string[]): void => {
    counts.rejected += 1;
    rejected.push(`${line},${reasons.join(' ')}`);
  };
  const progress = showProgress({ stream: terminal, total: file.facts.size });
  let done = 0;
  try {
    for await (const batch of inBatches(file.lines(norwegianDay()), BATCH)) {
      const invoices: InvoiceLine[] = [];
      for (const { line, judged } of batch) {
        if (Array.isArray(judged)) reject(line, judged);
        else invoices.push(judged);
      }
      for (const { line, result } of await load(client, options.organization, invoices)) {
        if (result === 'added' || result === 'known') counts[result] += 1;
        else reject(line, [result]);
      }
      done += batch.length;
      progress.advance(file.bytesRead(), done);
    }
  } finally {
    progress.stop();
  }
  await writeList(options.rejectedFile, rejectedHeader, lines(rejected));
  if ((await inspectFile(options.file, file.facts.encoding)).digest === file.facts.digest) return counts;
  throw new ImportError('file_changed', 'the file changed while it was read; start again');
}

async function load(client: Pick<pg.ClientBase, 'query'>, organization: string, invoices: readonly InvoiceLine[]) {
  const text = 'select line, result from billing.load_invoices($1, $2)';
  try {
    const values = [organization, JSON.stringify(invoices)];
    return (await client.query<{ line: number; result: string }>(text, values)).rows;
  } catch (cause) {
    throw explainFailure(cause);
  }
}

/** What the database refused, or how it failed, in words for the operator. */
export function explainFailure(cause: unknown): ImportError {
  const state = cause instanceof pg.DatabaseError ? (cause.code ?? '') : '';
  const [code, message] = refusals[state] ?? [
    'database_failed',
    `the database failed${state && ` (${state})`}; start again`,
  ];
  return new ImportError(code, message, { cause });
}

async function* lines(texts: readonly string[]): AsyncGenerator<string> {
  yield* texts;
}
