import pg from 'pg';

/** What one client does over and over. @param nth counts from 0, over all clients */
export type Operation = (client: pg.Client, nth: number) => Promise<unknown>;

export type Load = {
  /** Where the clients connect. */
  url: string;
  clients: number;
  operation: Operation;
};

export type Measured = {
  perSecond: number;
  /** Of each operation, in milliseconds. */
  latencies: number[];
};

/** Clients that stay connected over all rounds, so that every round has warm, prepared statements. */
export type Clients = {
  /** Their processes on the server. */
  pids: number[];
  /** Runs the operation on all clients for so many seconds. */
  run(seconds: number): Promise<Measured>;
  [Symbol.asyncDispose](): Promise<void>;
};

const PID = 'select pg_backend_pid() as pid';

export async function connectClients({ url, clients: count, operation }: Load): Promise<Clients> {
  const clients = await Promise.all(
    Array.from({ length: count }, async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
  const pids = await Promise.all(clients.map(async (client) => (await client.query(PID)).rows[0].pid as number));
  let nth = 0;
  return {
    pids,
    async run(seconds) {
      const latencies: number[] = [];
      const begun = performance.now();
      const end = begun + seconds * 1000;
      await Promise.all(
        clients.map(async (client) => {
          for (let now = performance.now(); now < end; ) {
            await operation(client, nth++);
            const after = performance.now();
            latencies.push(after - now);
            now = after;
          }
        }),
      );
      return { perSecond: latencies.length / ((performance.now() - begun) / 1000), latencies };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}
