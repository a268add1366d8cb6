import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { watchOver } from './orphan-guard.ts';

export type ProgramOptions = {
  /** For messages. */
  name: string;
  command: string;
  arguments?: readonly string[];
  /** The whole environment; nothing else is inherited but PATH, HOME and where Node keeps what it has compiled. */
  environment: Readonly<Record<string, string>>;
  /** Standard output and standard error, appended. */
  logFile: string;
  /** Ready when this address answers with a status below 400. */
  readyUrl: string;
};

/**
 * How long a program may take until it is ready, in milliseconds. Nine of them start at once, on machines that do other things too: who waits
 * longer than usual has lost nothing, and one that cannot start ends by itself.
 */
const READY_WITHIN = 60_000;

export type RunningProgram = {
  name: string;
  pid: number;
  logFile: string;
  /** Resolves, with how it ended, when the process is gone for whatever reason. */
  ended: Promise<string>;
  /** SIGTERM, and SIGKILL if it takes longer than 15 s. */
  stop(): Promise<void>;
};

/**
 * Starts a program as a child process that never outlives this one, and answers when it is ready.
 *
 * Throws an Error naming the program, its log and what it said last when it ends or stays silent instead; it is then stopped.
 */
export async function startProgram(options: ProgramOptions): Promise<RunningProgram> {
  const program = launch(options);
  const decided = new AbortController();
  const problem = await Promise.race([
    program.ended.then((how) => `ended with ${how}`),
    untilAnswering(options.readyUrl, READY_WITHIN, decided.signal),
  ]);
  decided.abort();
  if (problem === undefined) return program;
  await program.stop();
  throw new Error(
    `${options.name} did not start: ${problem}; the end of ${options.logFile}:\n${lastLines(options.logFile)}`,
  );
}

function launch(options: ProgramOptions): RunningProgram {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a', 0o600);
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '' } = process.env;
  // Its own process group: on Ctrl-C in a terminal, we stop the programs in their order.
  const child = spawn(options.command, options.arguments ?? [], {
    env: { PATH, HOME, NODE_COMPILE_CACHE, ...options.environment },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const pid = child.pid ?? 0;
  const guard = pid === 0 ? undefined : watchOver(pid);
  void ended.then(() => guard?.release());
  return {
    name: options.name,
    pid,
    logFile: options.logFile,
    ended,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await ended;
      clearTimeout(timer);
    },
  };
}

async function untilAnswering(url: string, withinMs: number, decided: AbortSignal): Promise<string | undefined> {
  const deadline = Date.now() + withinMs;
  while (!decided.aborted) {
    try {
      const { status } = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(2_000) });
      if (status < 400) return undefined;
      if (Date.now() > deadline) return `${url} answers ${status}`;
    } catch {
      if (Date.now() > deadline) return `${url} does not answer`;
    }
    await pause(50);
  }
  return undefined;
}

/** The last dozen lines of a log, for the message of an error: often nobody can open the file where the message is read. */
export function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-12).join('\n');
}
