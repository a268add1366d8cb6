import { type DestinationStream, destination, type LogFn, type Logger, pino, stdTimeFunctions } from 'pino';
import { describeError } from './describe-error.ts';
import { loggable } from './loggable.ts';
import { scrubLine } from './scrub.ts';

export type { Logger } from 'pino';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * JSON lines, one per event: `time` (ISO 8601, UTC), `level`, `name`, `msg` and what was passed along. Errors go under
 * `err`. What belongs to one request or job is bound with `child({ correlation_id })` (plain texts only). Whatever is
 * logged passes `loggable`, and each finished line the scrubber, so that a personnummer logged by mistake does not get out.
 *
 * @param options.name the program, e.g. `auth-callback`
 * @param options.destination standard output where it is absent
 */
export function createLogger(options: { name: string; level: LogLevel; destination?: DestinationStream }): Logger {
  const settings = {
    level: options.level,
    base: { name: options.name },
    timestamp: stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (record: object) => loggable(record) as Record<string, unknown>,
    },
    // Described already by `loggable`; pino's own serializer would add every property of the error.
    serializers: { err: (described: unknown) => (described instanceof Error ? describeError(described) : described) },
    hooks: { logMethod, streamWrite: scrubLine },
  };
  // Synchronous: pino's default writes in the background, and lines written just before an exit overtake each other.
  return pino(settings, options.destination ?? destination({ fd: 1, sync: true }));
}

/** Names the event itself where nobody did: pino would take the error's message, which may quote values. */
function logMethod(this: Logger, input: Parameters<LogFn>, log: LogFn): void {
  const [first, ...rest] = input as unknown[];
  const record = first instanceof Error ? { err: first } : first;
  const texts = rest.map((each) => (each instanceof Error ? each.name : loggable(each)));
  const isRecord = typeof record === 'object' && record !== null;
  if (isRecord && 'err' in record && record.err instanceof Error) texts[0] ??= record.err.name;
  log.apply(this, [record, ...texts] as Parameters<LogFn>);
}
