import type { RunningProgram } from '../program.ts';

/** A program that is started again when it ends. */
export type KeptProgram = { name: string; current(): RunningProgram; stop(): Promise<void> };

export type KeepOptions = {
  /** Told of every unexpected end, and of the new start. */
  report(line: string): void;
  /** A new process took the old one's place. */
  replaced(): void;
  /** The program ends again and again, or did not start again: nothing this machine can mend. */
  gaveUp(reason: string): void;
};

/** A program that ends more often than this within a minute has a fault that starting it again does not cure. */
const MOST_ENDS = 5;
const MINUTE = 60_000;

/**
 * Starts a program and watches over it as a production orchestrator would: however it ended, by a signal, by obeying one, or by
 * itself, it is started again.
 *
 * @param now milliseconds, of a clock that never goes back
 */
export async function keepAlive(
  start: () => Promise<RunningProgram>,
  options: KeepOptions,
  now: () => number = () => performance.now(),
): Promise<KeptProgram> {
  let current = await start();
  let stopping = false;
  let ends: number[] = [];

  async function watch(): Promise<void> {
    const how = await current.ended;
    if (stopping) return;
    const { name, logFile } = current;
    ends = [...ends.filter((at) => now() - at < MINUTE), now()];
    if (ends.length > MOST_ENDS) {
      return options.gaveUp(`${name} ended ${ends.length} times within a minute, now with ${how}; see ${logFile}`);
    }
    options.report(`${name} ${how.startsWith('SIG') ? 'was killed' : 'ended'} (${how}) and is started again`);
    try {
      current = await start();
    } catch (error) {
      return options.gaveUp(error instanceof Error ? error.message : `${name} did not start again`);
    }
    if (stopping) return current.stop();
    options.replaced();
    return watch();
  }
  void watch();

  return {
    name: current.name,
    current: () => current,
    stop() {
      stopping = true;
      return current.stop();
    },
  };
}
