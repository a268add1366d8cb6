import { createLogger } from '../runtime/logger.ts';
import type { WorkerConfig } from './config.ts';
import { createWorkerDatabase, createWorkerPool, type WorkerDatabase } from './database.ts';

/**
 * Runs a command of the worker's environment: the process ends with 1 where it says no, or throws. Of an error only the code is printed, because a
 * message of the database may quote values; those of our own settings and of the ledger hold none.
 */
export async function endWithCode(name: string, run: () => Promise<boolean>): Promise<void> {
  try {
    if (!(await run())) process.exitCode = 1;
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    console.error(`${name}: ${typeof code === 'string' ? code : 'unexpected_error'}`);
    if (error instanceof Error && ['ConfigurationError', 'LedgerError'].includes(error.name))
      console.error(error.message);
    process.exitCode = 1;
  }
}

/** Gives a command the database for as long as it runs. What its connections log is of no interest to whoever sits at the terminal. */
export async function withDatabase<Result>(
  config: WorkerConfig,
  run: (database: WorkerDatabase) => Promise<Result>,
): Promise<Result> {
  const pool = createWorkerPool(config, createLogger({ name: 'command', level: 'silent' }));
  try {
    return await run(createWorkerDatabase(pool));
  } finally {
    await pool.end();
  }
}
