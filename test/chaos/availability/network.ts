import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const bridge = 'pns-ha';
const subnet = '10.211.0';

/** The address under which the nodes see us. */
export const gateway = `${subnet}.1`;

/** A machine of its own as far as the network goes: a Linux network namespace on a common bridge. */
export interface Site {
  readonly name: string;
  readonly address: string;
  /** Nobody reaches it any more, and it reaches nobody. */
  cut(): Promise<void>;
  join(): Promise<void>;
  /** All processes that run there. */
  pids(): Promise<number[]>;
}

/** @param parts the network is removed with them, and what still runs in it */
export async function createNetwork(sites: number, parts: AsyncDisposableStack): Promise<Site[]> {
  const names = Array.from({ length: sites }, (_, at) => `${bridge}-${at + 1}`);
  // What a killed run left.
  await remove(names);
  parts.defer(() => remove(names));
  await ip('link', 'add', bridge, 'type', 'bridge');
  await ip('address', 'add', `${gateway}/24`, 'dev', bridge);
  await ip('link', 'set', bridge, 'up');
  return await Promise.all(names.map((name, at) => createSite(name, `${subnet}.${11 + at}`)));
}

async function createSite(name: string, address: string): Promise<Site> {
  const [outside, inside] = [`${name}o`, `${name}i`];
  await ip('netns', 'add', name);
  await ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', name);
  await ip('link', 'set', outside, 'master', bridge, 'up');
  await ip('-n', name, 'address', 'add', `${address}/24`, 'dev', inside);
  for (const device of [inside, 'lo']) await ip('-n', name, 'link', 'set', device, 'up');
  return {
    name,
    address,
    cut: () => ip('link', 'set', outside, 'down'),
    join: () => ip('link', 'set', outside, 'up'),
    pids: () => pidsIn(name),
  };
}

async function remove(names: readonly string[]): Promise<void> {
  for (const name of names) {
    for (const pid of await pidsIn(name).catch(() => [])) kill(pid, 'SIGKILL');
    await ip('netns', 'delete', name).catch(() => undefined);
  }
  await ip('link', 'delete', bridge).catch(() => undefined);
}

async function pidsIn(name: string): Promise<number[]> {
  const { stdout } = await run('ip', ['netns', 'pids', name]);
  return stdout.split('\n').filter(Boolean).map(Number);
}

async function ip(...words: string[]): Promise<void> {
  await run('ip', words);
}

/** A process may have ended by itself meanwhile. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
