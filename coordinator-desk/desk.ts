import type { Server } from 'node:http';
import { createReadiness, type Readiness } from '../runtime/http/readiness.ts';
import { createHttpServer } from '../runtime/http/server.ts';
import type { Logger } from '../runtime/logger.ts';
import { createApiConnector } from './api/connect.ts';
import type { DeskConfig } from './config.ts';
import { createApp } from './http/app.ts';
import { readAssets } from './http/assets.ts';
import { createMetrics } from './http/metrics.ts';
import { createDrafts } from './session/drafts.ts';
import { createSessionCookie } from './session/session-cookie.ts';
import { createSignIn } from './session/sign-in.ts';

/** Makes everything and puts it together. The server is not listening yet. */
export async function createDesk(config: DeskConfig, log: Logger): Promise<{ server: Server; readiness: Readiness }> {
  const metrics = createMetrics({ withProcess: true });
  const api = createApiConnector({ ...config.api, timeoutMs: config.apiTimeoutMs });
  const readiness = createReadiness(api.answers, log);
  const app = createApp({
    ...config,
    log,
    metrics,
    readiness,
    api,
    assets: await readAssets(),
    sessions: createSessionCookie(config.cookieSecrets),
    drafts: createDrafts(config.cookieSecrets),
    signIn: createSignIn({
      issuer: config.callbackUrl,
      redirectUri: `${config.deskUrl}/signed-in`,
      secrets: config.cookieSecrets,
      timeoutMs: config.apiTimeoutMs,
      allowsPlainHttp: config.rules.allowsPlainHttp,
    }),
  });
  return { server: createHttpServer(app), readiness };
}
