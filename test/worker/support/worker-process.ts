import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bareEnvironment } from '../../support/bare-environment.ts';

/** The worker as production runs it: a process of its own. */
export type WorkerProcess = {
  child: ChildProcess;
  /** Everything on standard output and standard error. */
  output(): string;
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string>;
  [Symbol.asyncDispose](): Promise<void>;
};

export function spawnWorker(environment: Record<string, string>): WorkerProcess {
  const main = fileURLToPath(new URL('../../../worker/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { ...bareEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return {
    child,
    output: () => output,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
