import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker, workerData } from 'node:worker_threads';
import { pgDump } from '@electric-sql/pglite-tools/pg_dump';
import pg from 'pg';

/**
 * PostgreSQL's own pg_dump (18, so it reads 15 to 18) wherever `npm ci` works: the packages with the server lack it, and
 * @electric-sql/pglite-tools has it as WebAssembly. It wants its answers at once, so this thread waits while a worker thread
 * talks to the server.
 */
type Channel = { databaseUrl: string; port: MessagePort; flag: SharedArrayBuffer };

/**
 * @param args as on pg_dump's command line
 * @returns the dump as SQL for any client: rows are INSERTs
 */
export async function dump(databaseUrl: string, args: string[] = []): Promise<string> {
  const { port1: port, port2 } = new MessageChannel();
  const flag = new SharedArrayBuffer(4);
  const channel: Channel = { databaseUrl, port: port2, flag };
  const worker = new Worker(new URL(import.meta.url), { workerData: channel, transferList: [port2] });
  const ask = (bytes: Uint8Array): Uint8Array => {
    Atomics.store(new Int32Array(flag), 0, 0);
    port.postMessage(bytes);
    if (Atomics.wait(new Int32Array(flag), 0, 0, 30_000) === 'timed-out') throw new Error('the server does not answer');
    const answer: Uint8Array | string = receiveMessageOnPort(port)?.message;
    if (typeof answer === 'string') throw new Error(answer);
    return answer;
  };
  const server = {
    query: async () => ({ rows: [{ search_path: '' }] }),
    exec: async () => [],
    execProtocolRawStream: (bytes: Uint8Array, { onRawData }: { onRawData: (data: Uint8Array) => void }) =>
      onRawData(ask(Uint8Array.from(bytes))),
  };
  try {
    const file = await pgDump({ pg: server as unknown as Parameters<typeof pgDump>[0]['pg'], args });
    return await file.text();
  } finally {
    port.close();
    await worker.terminate();
  }
}

/** A server's message with its length, as the protocol wants it. */
function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Types of the whole messages in a buffer, and what is left of it. */
function split(buffer: Buffer): { types: string[]; rest: Buffer } {
  const types: string[] = [];
  let at = 0;
  while (buffer.length >= at + 5 && buffer.length >= at + 1 + buffer.readInt32BE(at + 1)) {
    types.push(String.fromCharCode(buffer[at] as number));
    at += 1 + buffer.readInt32BE(at + 1);
  }
  return { types, rest: buffer.subarray(at) };
}

/** In the worker thread: signs in with node-postgres, answers the start itself, and passes everything after it on. */
async function converse({ databaseUrl, port, flag }: Channel): Promise<void> {
  const answer = (data: Uint8Array | string) => {
    port.postMessage(data);
    Atomics.store(new Int32Array(flag), 0, 1);
    Atomics.notify(new Int32Array(flag), 0);
  };
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'pg_dump' });
  const parameters: Buffer[] = [];
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter & { stream: NodeJS.ReadWriteStream } };
  connection.on('parameterStatus', ({ parameterName, parameterValue }) =>
    parameters.push(message('S', Buffer.from(`${parameterName}\0${parameterValue}\0`))),
  );
  const connected = client.connect();
  connected.catch(() => undefined); // told when pg_dump asks
  client.on('error', (error) => {
    if (waiting > 0) answer(`pg_dump lost its connection: ${error.message}`); // otherwise it has said farewell itself
  });

  let started = false;
  let asked: Buffer = Buffer.alloc(0);
  let answered: Buffer[] = [];
  let unread: Buffer = Buffer.alloc(0);
  let waiting = 0;
  port.on('message', async (bytes: Uint8Array) => {
    try {
      await connected;
    } catch (error) {
      return answer(`pg_dump cannot connect: ${error}`);
    }
    if (!started) {
      started = true;
      connection.stream.removeAllListeners('data');
      connection.stream.on('data', (data: Buffer) => {
        answered.push(data);
        const { types, rest } = split(Buffer.concat([unread, data]));
        unread = rest;
        waiting -= types.filter((type) => type === 'Z').length;
        if (waiting === 0) {
          answer(Buffer.concat(answered));
          answered = [];
        }
      });
      const ok = message('R', Buffer.alloc(4));
      return answer(Buffer.concat([ok, ...parameters, message('K', Buffer.alloc(8)), message('Z', Buffer.from('I'))]));
    }
    const { types, rest } = split(Buffer.concat([asked, bytes]));
    asked = rest;
    waiting += types.filter((type) => type === 'Q' || type === 'S').length;
    connection.stream.write(Buffer.from(bytes));
    // Half a question, or a farewell: there is nothing to wait for.
    if (waiting === 0) answer(Buffer.alloc(0));
  });
}

if (workerData?.flag instanceof SharedArrayBuffer) await converse(workerData);
