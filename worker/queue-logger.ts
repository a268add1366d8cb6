import { type LogLevel, Logger as QueueLogger } from 'graphile-worker';
import type { Logger } from '../runtime/logger.ts';

const levels: Readonly<Record<LogLevel, 'error' | 'warn' | 'info' | 'debug'>> = {
  error: 'error',
  warning: 'warn',
  info: 'info',
  debug: 'debug',
};

/**
 * Lets graphile-worker write through the program's logger, which scrubs.
 *
 * Of its metadata only the ids of the scope are taken: the rest holds whole jobs and raw errors. Of a message only the
 * first line, because the others are stack traces.
 */
export function createQueueLogger(log: Logger): QueueLogger {
  return new QueueLogger(({ label, workerId, taskIdentifier, jobId }) => (level, message, meta) => {
    const scope = { label, workerId, task: taskIdentifier, jobId };
    // Every finished job would be a line; the tasks themselves say what is worth one.
    const as = meta?.success === true ? 'debug' : levels[level];
    log[as](scope, message.split('\n', 1)[0] ?? '');
  });
}
