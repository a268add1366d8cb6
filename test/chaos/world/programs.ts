import { join } from 'node:path';
import { findFreePort } from '../../../local/free-port.ts';
import { LOGIN_ROLES, type LoginRole } from '../../../local/login-roles.ts';
import type { ProgramOptions } from '../../../local/program.ts';
import type { StackDatabase } from '../../../local/stack/database.ts';
import { describePrograms, localUrl, type ProgramSettings } from '../../../local/stack/programs.ts';
import { type KeptProgram, keepProgram } from '../kept-program.ts';
import { startProxy } from '../proxy.ts';
import type { DatabaseServer } from '../server.ts';
import type { ChaosDatabase } from './database.ts';

interface ProgramsOptions extends ProgramSettings {
  /** The workers' database is behind a pooler. */
  readonly pooled: boolean;
  /** How many callbacks. */
  readonly callbacks: number;
}

/** Starts the provider, the callbacks and two workers. @param parts what is started is added here, for the caller to end */
export async function startPrograms(options: ProgramsOptions, parts: AsyncDisposableStack) {
  const programs = describePrograms(options);
  const described = (name: string) => {
    const found = programs.find((program) => program.name === name);
    if (found === undefined) throw new Error(`no program ${name}`);
    return found;
  };
  const keep = async (program: ProgramOptions): Promise<KeptProgram> => {
    const kept = await keepProgram(program);
    parts.defer(() => kept.stop());
    return kept;
  };
  await keep(described('identity-provider'));
  const callbackPorts: number[] = [];
  const callbacks = [];
  for (let nth = 1; nth <= options.callbacks; nth += 1) {
    const port = await findFreePort();
    callbackPorts.push(port);
    callbacks.push(await keep(callback(described('callback'), { nth, port, logs: options.logs })));
  }
  const callbackEntrance = await startProxy(callbackPorts, options.ports.callback);
  parts.use(callbackEntrance);
  const workers = [];
  for (const nth of [1, 2]) workers.push(await keep(await worker(described('worker'), nth, options)));
  return { callbacks, callbackEntrance, callbackPorts, workers };
}

/** One of several callbacks behind one address: its own port and log. */
function callback(program: ProgramOptions, { nth, port, logs }: { nth: number; port: number; logs: string }) {
  return {
    ...program,
    name: `callback ${nth}`,
    environment: { ...program.environment, PORT: String(port) },
    logFile: join(logs, `callback-${nth}.log`),
    readyUrl: `${localUrl(port)}/readyz`,
  };
}

/** One of several workers: its own port and log. */
async function worker(
  program: ProgramOptions,
  nth: number,
  { logs, pooled }: ProgramsOptions,
): Promise<ProgramOptions> {
  const port = await findFreePort();
  const statements = pooled ? { GRAPHILE_PREPARED_STATEMENTS: 'false' } : {};
  return {
    ...program,
    name: `worker ${nth}`,
    environment: { ...program.environment, ...statements, WORKER_PORT: String(port) },
    logFile: join(logs, `worker-${nth}.log`),
    readyUrl: `${localUrl(port)}/readyz`,
  };
}

/** Our database in the form in which the local stack describes its own: who starts programs on it does not stop it. */
export function asStackDatabase({ server, ownerUrl, urlFor }: ChaosDatabase<DatabaseServer>): StackDatabase {
  const stop = () => Promise.resolve();
  return {
    server: { ...server, pid: 0, logFile: '', ended: new Promise<string>(() => undefined), stop },
    stop,
    url: ownerUrl,
    urls: Object.fromEntries(LOGIN_ROLES.map((role) => [role, urlFor(role)])) as Record<LoginRole, string>,
  };
}
