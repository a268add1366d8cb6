import { connect } from 'node:net';
import { serveTcp } from '../runtime/servers.ts';

/** Leads to a database, and counts who comes. */
export async function startCountingProxy(
  databaseUrl: string,
): Promise<AsyncDisposable & { url: string; count(): number }> {
  const target = new URL(databaseUrl);
  let count = 0;
  const server = await serveTcp((client) => {
    count += 1;
    const upstream = connect(Number(target.port), target.hostname);
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
    client.pipe(upstream).pipe(client);
  });
  return {
    url: Object.assign(new URL(databaseUrl), { hostname: '127.0.0.1', port: String(server.port) }).href,
    count: () => count,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
