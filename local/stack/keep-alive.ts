import type { RunningProgram } from '../program.ts';

/** A program that is started again when somebody kills it. */
export type KeptProgram = { name: string; current(): RunningProgram; stop(): Promise<void> };

export type KeepOptions = {
  /** Told of every unexpected end, and of the new start. */
  report(line: string): void;
  /** A new process took the old one's place. */
  replaced(): void;
  /** The program ended by itself, or did not start again: nothing this machine can mend. */
  gaveUp(reason: string): void;
};

/**
 * Starts a program and watches over it as a production orchestrator would: killed by a signal, it is started again.
 * Ending by itself is a fault, and is reported as one.
 */
export async function keepAlive(start: () => Promise<RunningProgram>, options: KeepOptions): Promise<KeptProgram> {
  let current = await start();
  let stopping = false;

  async function watch(): Promise<void> {
    const how = await current.ended;
    if (stopping) return;
    const { name, logFile } = current;
    if (!how.startsWith('SIG')) return options.gaveUp(`${name} ended with ${how}; see ${logFile}`);
    options.report(`${name} was killed (${how}) and is started again`);
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
