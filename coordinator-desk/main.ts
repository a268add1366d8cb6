import type { AddressInfo } from 'node:net';
import { configOrExit } from '../runtime/config-or-exit.ts';
import { exitOnFatalErrors } from '../runtime/fatal-errors.ts';
import { listen } from '../runtime/http/listen.ts';
import { closeServer } from '../runtime/http/server.ts';
import { createLogger } from '../runtime/logger.ts';
import { stopOnSignals } from '../runtime/stop-signals.ts';
import { type DeskConfig, readDeskConfig } from './config.ts';
import { createDesk } from './desk.ts';

const name = 'coordinator-desk';

/** `npm run desk`: reads the configuration, listens, and stops on SIGTERM or SIGINT. */
async function main(config: DeskConfig): Promise<void> {
  const log = createLogger({ name, level: config.logLevel });
  exitOnFatalErrors(log);
  const { server, readiness } = await createDesk(config, log);
  stopOnSignals({
    log,
    steps: [
      { name: 'readiness', stop: () => readiness.stop() },
      { name: 'server', stop: () => closeServer(server) },
    ],
  });
  await listen(server, config.host, config.port);
  const { port } = server.address() as AddressInfo;
  log.info({ event: 'listening', host: config.host, port, deployment: config.deployment }, 'listening');
}

await main(configOrExit(name, readDeskConfig));
