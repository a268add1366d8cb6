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
  /** How many answers `cutAfter` has kept from arriving. */
  lostAnswers(): number;
};

/** What the network does at the moment; every connection looks here with each piece of data. */
type Network = {
  state: 'open' | 'frozen' | 'cut';
  /** The next piece of a client that holds this text, or the name of a statement prepared with it, is its connection's last. */
  fatal: string | undefined;
  /** Texts of prepared statements, by name. */
  prepared: Map<string, string>;
  lostAnswers: number;
};

export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl);
  const pairs = new Set<[Socket, Socket]>();
  const network: Network = { state: 'open', fatal: undefined, prepared: new Map(), lostAnswers: 0 };

  const server = createServer((client) => {
    const pair: [Socket, Socket] = [client, connect(Number(target.port), target.hostname)];
    pairs.add(pair);
    const end = () => {
      for (const socket of pair) socket.destroy();
      pairs.delete(pair);
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    if (network.state === 'cut') end();
    passOn(network, pair, end);
  });
  const listening = await listen(server as Parameters<typeof listen>[0], 'http');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(listening.port);
  const breakAll = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };

  return {
    url: url.href,
    freeze() {
      network.state = 'frozen';
    },
    cut() {
      network.state = 'cut';
      breakAll();
    },
    mend() {
      network.state = 'open';
    },
    cutAfter(text) {
      network.fatal = text;
    },
    lostAnswers: () => network.lostAnswers,
    async [Symbol.asyncDispose]() {
      breakAll();
      await listening[Symbol.asyncDispose]();
    },
  };
}

/** Passes data on in both directions as far as the network allows. */
function passOn(network: Network, [client, upstream]: [Socket, Socket], end: () => void): void {
  let doomed = false;
  client.on('data', (data) => {
    if (isFatal(network, data)) {
      doomed = true;
      network.fatal = undefined;
    }
    if (network.state === 'open') upstream.write(data);
  });
  upstream.on('data', (data) => {
    // 'Z' is ReadyForQuery: the statement is committed.
    if (doomed) {
      if (data.at(-6) !== 0x5a) return;
      network.lostAnswers += 1;
      end();
    } else if (network.state === 'open') client.write(data);
  });
}

/** Once prepared, a statement travels by its name alone. */
function isFatal({ fatal, prepared }: Network, data: Buffer): boolean {
  for (const [, name = '', text = ''] of data.toString('latin1').matchAll(/(login_[0-9a-f]{32})\0([^\0]+)\0/g)) {
    prepared.set(name, text);
  }
  if (fatal === undefined) return false;
  return data.includes(fatal) || [...prepared].some(([name, text]) => text.includes(fatal) && data.includes(name));
}
