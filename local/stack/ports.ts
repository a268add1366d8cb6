import { createServer, type Server } from 'node:http';
import { findFreePort } from '../free-port.ts';

/** One port per server of the stack; the app's is the first of a block. */
const names = [
  'app',
  'callback',
  'postgrest',
  'vipps',
  'memberSystem',
  'workerHealth',
  'postgres',
  'bankid',
  'idporten',
  'staff',
  'desk',
  'invoiceService',
] as const;

export type Ports = Record<(typeof names)[number], number>;

const FIRST_BLOCK = 4300;
const BLOCK = 20;
const BLOCKS = 50;

/**
 * Finds the ports of a stack: 4300 and those after it, unless another stack or program has them.
 *
 * @returns the ports, and a server that listens on the app's. Holding that one keeps the block from stacks that start at
 *   the same moment.
 */
export async function claimPorts(): Promise<{ ports: Ports; appServer: Server }> {
  for (let block = 0; block < BLOCKS; block += 1) {
    const first = FIRST_BLOCK + block * BLOCK;
    const appServer = await listenOn(first);
    if (appServer === undefined) continue;
    const rest = names.slice(1).map(async (name, at) => [name, await findFreePort(first + 1 + at)]);
    return { ports: { app: first, ...Object.fromEntries(await Promise.all(rest)) }, appServer };
  }
  throw new Error(`no free port for the app from ${FIRST_BLOCK} on`);
}

async function listenOn(port: number): Promise<Server | undefined> {
  const server = createServer();
  const listening = new Promise<boolean>((resolve) => {
    server.once('listening', () => resolve(true));
    server.once('error', () => resolve(false));
  });
  server.listen(port, '127.0.0.1');
  return (await listening) ? server : undefined;
}
