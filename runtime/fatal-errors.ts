import { LedgerError } from './erasure-ledger.ts';
import type { Logger } from './logger.ts';
import { StartRefused } from './start-refused.ts';

/**
 * An exception nobody caught goes through the logger, then the process exits with 1. Node itself would print every
 * property of it, values included, past the logger. What is said of settings that do not fit is a message of ours, without a value.
 */
export function exitOnFatalErrors(log: Logger): void {
  const die = (err: unknown): void => {
    if (err instanceof StartRefused || err instanceof LedgerError) log.fatal({ code: err.code, err }, err.message);
    else log.fatal({ err }, 'exception nobody caught');
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}
