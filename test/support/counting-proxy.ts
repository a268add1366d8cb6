import { connect } from 'node:net';
import { serveTcp } from '../runtime/servers.ts';

export type CountingProxy = AsyncDisposable & {
  url: string;
  /** How many have come. */
  count(): number;
  /** Who comes from now on waits until it opens again. */
  shut(): void;
  open(): void;
};

/** Leads to a database, and counts who comes. */
export async function startCountingProxy(databaseUrl: string): Promise<CountingProxy> {
  const target = new URL(databaseUrl);
  let held: (() => void)[] = [];
  let [count, isShut] = [0, false];
  const server = await serveTcp((client) => {
    count += 1;
    const lead = () => {
      const upstream = connect(Number(target.port), target.hostname);
      upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
      client.on('close', () => upstream.destroy());
      client.pipe(upstream).pipe(client);
    };
    if (isShut) held.push(lead);
    else lead();
  });
  return {
    url: Object.assign(new URL(databaseUrl), { hostname: '127.0.0.1', port: String(server.port) }).href,
    count: () => count,
    shut() {
      isShut = true;
    },
    open() {
      isShut = false;
      for (const lead of held) lead();
      held = [];
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
