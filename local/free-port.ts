import { createServer, type Server } from 'node:net';

// Between our looking and a program's listening, seconds may pass. A port that the system itself gives away (Linux: from
// 32768, macOS and Windows: from 49152) would be somebody's connection by then. So ports come from below, and each process
// takes them from a block of its own, which it keeps by listening on the block's first port for as long as it runs.
const FIRST = 10_000;
const END = 32_000;
const BLOCK = 50;
const BLOCKS = (END - FIRST) / BLOCK;

/** Ports of this process's block that have not been given out. */
let left: number[] = [];
/** One look at a time: two at once would take two blocks. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Finds a TCP port on the loopback address for a program that is to be started: nobody listens on it, and no other call of
 * this function, in whatever process, is given it while this process runs.
 *
 * @param preferred a port to take when it is free, so that addresses stay the same from one start to the next. It is not
 *   kept for the caller.
 */
export async function findFreePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  const port = turn.then(nextFree);
  turn = port.catch(() => undefined);
  return await port;
}

async function nextFree(): Promise<number> {
  for (;;) {
    const port = left.shift();
    if (port === undefined) left = await claimBlock();
    else if (await isFree(port)) return port;
  }
}

/** @returns the ports of a block that is now ours, but the first, which shows that it is */
async function claimBlock(): Promise<number[]> {
  // Not always the first: a program that somebody left behind would be met again and again.
  const start = Math.floor(Math.random() * BLOCKS);
  for (let nth = 0; nth < BLOCKS; nth += 1) {
    const first = FIRST + ((start + nth) % BLOCKS) * BLOCK;
    const holder = await listenOn(first);
    if (holder === undefined) continue;
    holder.unref();
    return Array.from({ length: BLOCK - 1 }, (_, at) => first + 1 + at);
  }
  throw new Error(`no free TCP ports on 127.0.0.1 from ${FIRST} to ${END}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = await listenOn(port);
  if (server === undefined) return false;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return true;
}

async function listenOn(port: number): Promise<Server | undefined> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}
