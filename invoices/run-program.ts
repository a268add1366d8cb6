import type pg from 'pg';
import { runCommand, UsageError } from '../runtime/command-line.ts';
import { ImportError } from '../runtime/csv/errors.ts';
import { explainError } from '../runtime/csv/explain-error.ts';
import type { ProgressOptions } from '../runtime/csv/progress.ts';
import { type AskMissing, refuseMissingErasures } from '../runtime/erasure-ledger.ts';
import { openConnection } from '../runtime/single-connection.ts';
import { refuseWrongDatabase } from '../runtime/start-refused.ts';
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
  await using client = await openConnection(config.databaseUrl, 'invoices-issue').catch((cause: unknown) => {
    throw new ImportError('database_failed', 'the database cannot be reached', { cause });
  });
  await refuseWrongDatabase(client, { role: 'member_importer', schema: 'import' });
  await refuseMissingErasures(config.erasureLedger, config.deployment, missingErasures(client));
  const { added, known, rejected } = await issueInvoices(client, options, progress);
  say(`${added} invoices are to be issued, ${known} were there already, ${rejected} lines were rejected.`);
  if (rejected > 0) say(`Rejected lines: ${options.rejectedFile}`);
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
  explainError('invoices-issue', error, complain);
  return 1;
}
