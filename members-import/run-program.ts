import type { ClientBase } from 'pg';
import { runCommand, UsageError } from '../runtime/command-line.ts';
import { ImportError } from '../runtime/csv/errors.ts';
import { explainError } from '../runtime/csv/explain-error.ts';
import type { ProgressOptions } from '../runtime/csv/progress.ts';
import { refuseMissingErasures } from '../runtime/erasure-ledger.ts';
import { openConnection } from '../runtime/single-connection.ts';
import { refuseWrongDatabase } from '../runtime/start-refused.ts';
import { type Arguments, command, readArguments } from './arguments.ts';
import { type ImportConfig, readImportConfig } from './config.ts';
import { explainFailure } from './database-failure.ts';
import { createImportDatabase } from './import-database.ts';
import { importMembers } from './import-members.ts';
import { describeSummary } from './summary.ts';

/** Where a person reads what the program says. */
export type Terminal = {
  say(line: string): void;
  complain(text: string): void;
  progress: ProgressOptions['stream'];
  /** Asks a person yes or no; left out where nobody is there to answer. */
  ask?: (question: string) => Promise<boolean>;
};

/**
 * `npm run members:import`, without the process around it.
 *
 * @param words the command line, without program and script
 * @param connect opens the one connection that the import uses, as the role `member_importer`
 * @returns the exit code: 0 when the file was imported, also where rows were rejected; 1 when not; 2: misused; 3: a person must look at
 *   the file first
 */
export function runProgram(
  words: string[],
  environment: Record<string, string | undefined>,
  terminal: Terminal,
  connect = connectAsImporter,
): Promise<number> {
  return runCommand(command, words, terminal, async (line) => {
    try {
      await runImport(readArguments(line), readImportConfig(environment), terminal, connect);
      return 0;
    } catch (error) {
      return explain(error, terminal);
    }
  });
}

async function runImport(
  options: Arguments,
  config: ImportConfig,
  { say, ask, progress }: Terminal,
  connect: typeof connectAsImporter,
): Promise<void> {
  await using connection = await connect(config.databaseUrl);
  await refuseWrongDatabase(connection, { role: 'member_importer', schema: 'import' });
  const database = createImportDatabase(connection);
  await refuseMissingErasures(config.erasureLedger, config.deployment, database.missingErasures);
  const summary = await importMembers(options, {
    config,
    database,
    say,
    ask,
    terminal: progress,
  });
  for (const line of describeSummary(summary, options)) say(line);
}

async function connectAsImporter(databaseUrl: string): Promise<Pick<ClientBase, 'query'> & AsyncDisposable> {
  return await openConnection(databaseUrl, 'members-import').catch((cause) => {
    throw explainFailure(cause, 'connecting');
  });
}

function explain(error: unknown, { complain }: Terminal): number {
  if (error instanceof UsageError) throw error;
  explainError('members-import', error, complain);
  return error instanceof ImportError && error.code === 'file_looks_different' ? 3 : 1;
}
