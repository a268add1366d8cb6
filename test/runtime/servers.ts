import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';

/** A server on a free port of this machine, closed with all its connections at the end of the test. */
export type Listening = AsyncDisposable & { url: string; port: number };

export function serve(listener: RequestListener): Promise<Listening> {
  return listen(createServer(listener), 'http');
}

export function serveTcp(onConnection: (socket: Socket) => void): Promise<Listening> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => socket.destroy());
    onConnection(socket);
  });
  return listen(server, 'http');
}

export async function listen(server: Server, scheme: string): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
