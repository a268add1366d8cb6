import type { ParseArgsOptionsConfig } from 'node:util';
import { type Command, type CommandLine, consoleOutput, runCommand, UsageError } from '../runtime/command-line.ts';
import { refuseMissingErasures } from '../runtime/erasure-ledger.ts';
import { createLogger } from '../runtime/logger.ts';
import { refuseWrongDatabase } from '../runtime/start-refused.ts';
import type { WorkerConfig } from './config.ts';
import { createWorkerPool } from './database/pool.ts';
import { createWorkerDatabase, type WorkerDatabase } from './database.ts';

/**
 * Runs a command of the worker's environment: the process ends with 1 where it says no, or throws. Of an error only the code is printed, because a
 * message of the database may quote values; those of our own settings and of the ledger hold none.
 */
export async function endWithCode<const Options extends ParseArgsOptionsConfig, const Required extends string = never>(
  command: Command<Options, Required>,
  run: (line: CommandLine<Options, Required>) => Promise<boolean>,
): Promise<void> {
  process.exitCode = await runCommand(command, process.argv.slice(2), consoleOutput, async (line) => {
    try {
      return (await run(line)) ? 0 : 1;
    } catch (error) {
      if (error instanceof UsageError) throw error;
      explain(command.name, error);
      return 1;
    }
  });
}

function explain(name: string, error: unknown): void {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  console.error(`${name}: ${typeof code === 'string' ? code : 'unexpected_error'}`);
  if (error instanceof Error && ['ConfigurationError', 'LedgerError', 'StartRefused'].includes(error.name))
    console.error(error.message);
}

/** `withDatabase`, of a database that lacks no erasure of the ledger. */
export function withServableDatabase<Result>(
  config: WorkerConfig,
  run: (database: WorkerDatabase) => Promise<Result>,
): Promise<Result> {
  return withDatabase(config, async (database) => {
    await refuseMissingErasures(config.erasureLedger, config.deployment, database.missingErasures);
    return run(database);
  });
}

/** Gives a command the database for as long as it runs. What its connections log is of no interest to whoever sits at the terminal. */
export async function withDatabase<Result>(
  config: WorkerConfig,
  run: (database: WorkerDatabase) => Promise<Result>,
): Promise<Result> {
  const pool = createWorkerPool(config, createLogger({ name: 'command', level: 'silent' }));
  try {
    await refuseWrongDatabase(pool, { role: 'sync_worker', schema: 'worker' });
    return await run(createWorkerDatabase(pool));
  } finally {
    await pool.end();
  }
}
