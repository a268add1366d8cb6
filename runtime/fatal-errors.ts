import type { Logger } from './logger.ts';

/**
 * An exception nobody caught goes through the logger, then the process exits with 1. Node itself would print every
 * property of it, values included, past the logger.
 */
export function exitOnFatalErrors(log: Logger): void {
  const die = (err: unknown): void => {
    log.fatal({ err }, 'exception nobody caught');
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}
