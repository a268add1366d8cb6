import { setTimeout as pause } from 'node:timers/promises';
import { type ProgramOptions, type RunningProgram, startProgram } from '../../local/program.ts';
import { until } from '../support/until.ts';

/** A program that a supervisor starts again whenever it ends. */
export interface KeptProgram {
  readonly name: string;
  /** Process id of the present one; undefined while there is none. */
  pid(): number | undefined;
  starts(): number;
  /** Ends it as an operator does, and answers when it is ready again. @param environment variables that it has from now on */
  restart(environment: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a program and answers when it is ready; after that, it is started again as often as it ends, for whatever reason. */
export async function keepProgram(first: ProgramOptions): Promise<KeptProgram> {
  const stopping = new AbortController();
  let options = first;
  let current: RunningProgram | undefined = await startProgram(options);
  let starts = 1;

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      await current?.ended;
      current = undefined;
      await pause(300, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      // While the database is away it cannot become ready; a supervisor tries again.
      current = await startProgram(options).catch(() => undefined);
      starts += 1;
    }
  }
  const watching = watch();
  return {
    name: options.name,
    pid: () => current?.pid,
    starts: () => starts,
    async restart(environment) {
      options = { ...options, environment: { ...options.environment, ...environment } };
      const before = starts;
      await current?.stop();
      await until(`${options.name} again`, () => starts > before && current !== undefined);
    },
    async stop() {
      stopping.abort();
      await current?.stop();
      await watching;
      await current?.stop();
    },
  };
}
