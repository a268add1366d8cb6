import { readDeskConfig } from '../../../coordinator-desk/config.ts';
import { createDesk } from '../../../coordinator-desk/desk.ts';
import { createSecret } from '../../../key-tools/new-keys.ts';
import { findFreePort } from '../../../local/free-port.ts';
import { listen } from '../../../runtime/http/listen.ts';
import { closeServer } from '../../../runtime/http/server.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { type ActingCallback, actAsCallback } from '../../support/acting-callback.ts';
import { becomeCoordinator, type Coordinator } from '../../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { startTestPostgrest } from '../../support/postgrest.ts';
import { type AuthorizationServer, startAuthorizationServer } from './authorization-server.ts';

/** The desk on a database of its own, with one organisation and one coordinator who signs in next. */
export interface OpenDesk extends AsyncDisposable {
  url: string;
  db: TestDatabase;
  callback: ActingCallback;
  coordinator: Coordinator;
  signIn: AuthorizationServer;
  /** What the program wrote. */
  log: string[];
}

export async function openDesk(environment: Record<string, string> = {}): Promise<OpenDesk> {
  const stack = new AsyncDisposableStack();
  const db = stack.use(await createTestDatabase());
  const callback = await actAsCallback(db);
  const coordinator = await becomeCoordinator(db, callback.organization);
  const postgrest = stack.use(await startTestPostgrest(db));
  const signIn = stack.use(await startAuthorizationServer());
  signIn.nextUser = { id: coordinator.userId };
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const log: string[] = [];
  const config = readDeskConfig({
    DEPLOYMENT: 'local',
    DESK_URL: url,
    PORT: String(port),
    CALLBACK_URL: signIn.url,
    POSTGREST_URL: postgrest.url,
    DESK_ORGANIZATIONS: `${callback.organization.slug}=${callback.organization.name}`,
    DESK_COOKIE_KEY: createSecret(),
    RATE_PAGES: '100000',
    ...environment,
  });
  const logger = createLogger({
    name: 'coordinator-desk',
    level: 'info',
    destination: { write: (line) => log.push(line) },
  });
  const { server } = await createDesk(config, logger);
  await listen(server, '127.0.0.1', port);
  stack.defer(() => closeServer(server, 100));
  return { url, db, callback, coordinator, signIn, log, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
