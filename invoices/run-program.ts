import pg from 'pg';
import { runCommand, UsageError } from '../runtime/command-line.ts';
import { ImportError } from '../runtime/csv/errors.ts';
import type { ProgressOptions } from '../runtime/csv/progress.ts';
import { framesOf } from '../runtime/describe-error.ts';
import { ConfigurationError } from '../runtime/environment.ts';
import { type AskMissing, LedgerError, refuseMissingErasures } from '../runtime/erasure-ledger.ts';
import { refuseUnconfirmedCommits } from '../runtime/unconfirmed-commit.ts';
import { type Arguments, command, readArguments } from './arguments.ts';
import { type InvoicesConfig, readInvoicesConfig } from './config.ts';
import { explainFailure, issueInvoices } from './issue-invoices.ts';

/** Where a person reads what the program says. */
export type Terminal = {
  say(line: string): void;
  complain(text: string): void;
  progress: ProgressOptions['stream'];
};

/**
 * `npm run invoices:issue`, without the process around it.
 *
 * @param words the command line, without program and script
 * @returns the exit code: 0 when the file was taken in, also where lines were rejected; 1 when not; 2: misused
 */
export function runProgram(
  words: string[],
  environment: Record<string, string | undefined>,
  terminal: Terminal,
): Promise<number> {
  return runCommand(command, words, terminal, async (line) => {
    try {
      await run(readArguments(line), readInvoicesConfig(environment), terminal);
      return 0;
    } catch (error) {
      return explain(error, terminal);
    }
  });
}

async function run(options: Arguments, config: InvoicesConfig, { say, progress }: Terminal): Promise<void> {
  const client = new pg.Client({
    connectionString: config.databaseUrl,
    application_name: 'invoices-issue',
    keepAlive: true,
  });
  // A lost connection is told by the query that needed it.
  client.on('error', () => undefined);
  refuseUnconfirmedCommits(client);
  try {
    await client.connect().catch((cause: unknown) => {
      throw new ImportError('database_failed', 'the database cannot be reached', { cause });
    });
    await refuseMissingErasures(config.erasureLedger, config.deployment, missingErasures(client));
    const { added, known, rejected } = await issueInvoices(client, options, progress);
    say(`${added} invoices are to be issued, ${known} were there already, ${rejected} lines were rejected.`);
    if (rejected > 0) say(`Rejected lines: ${options.rejectedFile}`);
  } finally {
    await client.end();
  }
}

function missingErasures(client: pg.Client): AskMissing {
  return async (erasureIds, organizations) => {
    const text = 'select unnest(import.missing_erasures($1::uuid[], $2::text[])) as id';
    try {
      const { rows } = await client.query<{ id: string }>(text, [erasureIds, organizations]);
      return rows.map(({ id }) => id);
    } catch (error) {
      throw explainFailure(error);
    }
  };
}

function explain(error: unknown, { complain }: Terminal): number {
  if (error instanceof UsageError) throw error;
  if (error instanceof ImportError || error instanceof ConfigurationError || error instanceof LedgerError) {
    complain(`invoices-issue: ${'code' in error ? `${error.code}: ` : ''}${error.message}`);
    return 1;
  }
  // Nothing of an unforeseen error is printed but what it is: its message may quote a row.
  const what = error instanceof Error ? `${error.name}\n${framesOf(error.stack ?? '')}` : 'error';
  complain(`invoices-issue: unexpected ${what}`);
  return 1;
}
