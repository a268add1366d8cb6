import type { Server } from 'node:http';
import { explainListening } from '../start-refused.ts';

/**
 * Listens, and fails when it cannot.
 *
 * @param variable has the port
 * @throws {StartRefused} where the settings do not fit this machine
 */
export async function listen(server: Server, host: string, port: number, variable = 'PORT'): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error) => reject(explainListening(error, variable));
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      resolve();
    });
  });
}
