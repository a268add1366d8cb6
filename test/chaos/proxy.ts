import { connect, createServer, type Socket } from 'node:net';
import { resetSocket } from '../support/reset-socket.ts';

/** The address programs know the database under; where it leads can change, and connections can be cut. */
export interface Entrance {
  readonly port: number;
  /** New connections go to these ports, in turn; open ones stay where they are. */
  lead(...ports: number[]): void;
  /** Breaks all open connections. */
  cut(): void;
  /** Breaks them, and refuses new ones until `mend`. */
  close(): void;
  mend(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param targets where it leads at first; @param ownPort a free one where none is named */
export async function startProxy(targets: readonly number[], ownPort = 0): Promise<Entrance> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let leadsTo = targets;
  let turn = 0;
  let refusing = false;

  const server = createServer((client) => {
    turn += 1;
    const upstream = connect(leadsTo[turn % leadsTo.length] as number, '127.0.0.1');
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    if (refusing) return end();
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(ownPort, '127.0.0.1', resolve));
  const cut = () => {
    for (const [client, upstream] of pairs) {
      resetSocket(client);
      resetSocket(upstream);
    }
  };
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    lead(...ports) {
      leadsTo = ports;
    },
    cut,
    close() {
      refusing = true;
      cut();
    },
    mend() {
      refusing = false;
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
