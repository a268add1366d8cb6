import { connect, createServer, type Socket } from 'node:net';
import { listen } from '../../runtime/servers.ts';

/** Stands between the callback and PostgreSQL, to do what networks do. */
export type DatabaseProxy = AsyncDisposable & {
  /** The same connection string, through the proxy. */
  url: string;
  /** Connections stay open, and nothing is passed on any more. */
  freeze(): void;
  /** All connections break, and new ones too. */
  cut(): void;
  mend(): void;
  /**
   * The connection of the next statement that holds this text breaks after the server has carried it out and before its
   * answer arrives: the caller cannot know what happened.
   */
  cutAfter(text: string): void;
};

export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl);
  const pairs = new Set<[Socket, Socket]>();
  let state: 'open' | 'frozen' | 'cut' = 'open';
  let fatal: string | undefined;

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    let doomed = false;
    const end = () => {
      for (const socket of pair) socket.destroy();
      pairs.delete(pair);
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    if (state === 'cut') end();
    client.on('data', (data) => {
      if (fatal !== undefined && data.includes(fatal)) {
        doomed = true;
        fatal = undefined;
      }
      if (state === 'open') upstream.write(data);
    });
    upstream.on('data', (data) => {
      // 'Z' is ReadyForQuery: the statement is committed.
      if (doomed) {
        if (data.at(-6) === 0x5a) end();
      } else if (state === 'open') client.write(data);
    });
  });
  const listening = await listen(server as Parameters<typeof listen>[0], 'http');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(listening.port);

  return {
    url: url.href,
    freeze() {
      state = 'frozen';
    },
    cut() {
      state = 'cut';
      for (const pair of pairs) for (const socket of pair) socket.destroy();
    },
    mend() {
      state = 'open';
    },
    cutAfter(text) {
      fatal = text;
    },
    async [Symbol.asyncDispose]() {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      await listening[Symbol.asyncDispose]();
    },
  };
}
