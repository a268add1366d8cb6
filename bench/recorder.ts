import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request to PostgREST, as the desk sent it. */
export type Recorded = { method: string; path: string; headers: Record<string, string>; body: string | undefined };

/** Stands between the desk and PostgREST, and writes down what is asked. */
export interface Recorder extends AsyncDisposable {
  url: string;
  /** What was asked since it was called last: requests that were under way together stand together, in the order of the waves. */
  taken(): Recorded[][];
}

/** @param target where PostgREST is */
export async function startRecorder(target: string): Promise<Recorder> {
  let waves: Recorded[][] = [];
  let underWay = 0;
  const server = createServer(async (request, response) => {
    if (underWay === 0) waves.push([]);
    underWay += 1;
    let body = '';
    for await (const chunk of request) body += chunk;
    const { host, connection, 'content-length': length, ...headers } = request.headers as Record<string, string>;
    const recorded = {
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers,
      body: body === '' ? undefined : body,
    };
    waves.at(-1)?.push(recorded);
    const answer = await send(target, recorded);
    const content = Buffer.from(await answer.arrayBuffer());
    underWay -= 1;
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(content);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken() {
      const said = waves;
      waves = [];
      return said;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Asks PostgREST what was recorded. */
export function send(target: string, { method, path, headers, body }: Recorded): Promise<Response> {
  return fetch(`${target}${path}`, { method, headers, ...(body !== undefined && { body }) });
}
