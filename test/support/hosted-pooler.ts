import { connect, createServer, type Socket } from 'node:net';
import { listen } from '../runtime/servers.ts';

/** What stands between programs and the database of a project of hosted Supabase. */
export type HostedPooler = AsyncDisposable & {
  /** The same connection string, through the pooler: the user is called `role.project` there. */
  urlFor(databaseUrl: string): string;
  /** The names of startup parameters that it has not passed on. */
  dropped: Set<string>;
  /** How many connections it was asked for. */
  connections(): number;
};

/** What Supavisor reads of a startup message; anything else is gone without a word. */
const PASSED_ON = ['user', 'database', 'search_path', 'application_name'];

/**
 * A stand-in for Supavisor that does to a connection what Supavisor does: it takes users as `role.project`, and drops startup parameters. In
 * transaction mode notifications do not come back either. All else goes through to the same session, so that nothing here is faster or fails more.
 */
export async function startHostedPooler(
  port: number,
  { project, mode }: { project: string; mode: 'session' | 'transaction' },
): Promise<HostedPooler> {
  const dropped = new Set<string>();
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    client.once('data', (startup) => {
      const parameters = readStartup(startup);
      const [, role, of] = /^(.*)\.([^.]*)$/.exec(parameters.get('user') ?? '') ?? [];
      if (role === undefined || of !== project) {
        client.end(fatal('XX000', `(ENOTFOUND) tenant/user ${parameters.get('user')} not found`));
        return;
      }
      parameters.set('user', role);
      if (mode === 'transaction') parameters.delete('application_name');
      for (const name of parameters.keys()) if (!PASSED_ON.includes(name)) dropped.add(name);
      const upstream = connect(port, '127.0.0.1');
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        one.on('error', () => other.destroy()).on('close', () => other.destroy());
      }
      upstream.write(writeStartup([...parameters].filter(([name]) => PASSED_ON.includes(name))));
      client.pipe(upstream);
      if (mode === 'session') upstream.pipe(client);
      else passOnWithoutNotifications(upstream, client);
    });
    client.on('error', () => client.destroy());
  });
  const listening = await listen(server as Parameters<typeof listen>[0], 'http');
  return {
    dropped,
    connections: () => connections,
    urlFor(databaseUrl) {
      const url = new URL(databaseUrl);
      return Object.assign(url, { port: String(listening.port), username: `${url.username}.${project}` }).href;
    },
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

// The messages are those of PostgreSQL's protocol 3.0: a length that counts itself, and of all but the first a letter before it.

/** Length, version, then names and values, each ended by a zero. */
function readStartup(message: Buffer): Map<string, string> {
  const texts = message.subarray(8, message.readInt32BE(0)).toString('utf8').split('\0');
  const parameters = new Map<string, string>();
  for (let at = 0; at + 1 < texts.length && texts[at] !== ''; at += 2)
    parameters.set(texts[at] as string, texts[at + 1] as string);
  return parameters;
}

function writeStartup(parameters: [string, string][]): Buffer {
  const body = Buffer.from(`${parameters.map(([name, value]) => `${name}\0${value}\0`).join('')}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(0x00030000, 4);
  return Buffer.concat([head, body]);
}

function fatal(code: string, message: string): Buffer {
  const body = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.from('E\0\0\0\0', 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Leaves out NotificationResponse (`A`). */
function passOnWithoutNotifications(upstream: Socket, client: Socket): void {
  let rest = Buffer.alloc(0);
  upstream.on('data', (data) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 5) {
      const end = 1 + rest.readInt32BE(1);
      if (rest.length < end) return;
      if (rest[0] !== 0x41) client.write(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  });
}
