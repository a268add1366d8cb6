import { createMiddleware } from 'hono/factory';
import type { AppContext, AppEnv } from '../../runtime/http/request-context.ts';
import { DatabaseBudget } from '../database/database-budget.ts';
import type { LoginDatabase } from '../database/login-database.ts';
import { codeOf, PageError } from '../errors.ts';
import { startBeat } from '../http/even-time.ts';
import type { Metrics } from '../http/metrics.ts';
import { readRevocationNotice } from './revocation-notice.ts';
import { isWebhookSecret, webhookSecretName } from './webhook-secrets.ts';

interface RevocationRouteOptions {
  database: LoginDatabase;
  metrics: Metrics;
}

/** Of a notice, in bytes. */
export const longestNotice = 8 * 1024;

/**
 * 404 for a wrong secret, before anything of the body is read.
 *
 * @param secrets the secret of an organisation's webhook, by the name of its variable
 */
export function requireWebhookSecret(secrets: (name: string) => string | undefined) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const secret = secrets(webhookSecretName(c.req.param('organization') ?? ''));
    if (!isWebhookSecret(c.req.param('secret') ?? '', secret)) throw new PageError('webhook_secret_wrong', 404);
    await next();
  });
}

/**
 * `POST /webhooks/{organization}/vipps/{secret}`: a hint that somebody withdrew consent. 204 for everything well-formed,
 * known or unknown, 400 for anything else.
 */
export function createRevocationRoute({ database, metrics }: RevocationRouteOptions) {
  return async (c: AppContext, organization: string): Promise<Response> => {
    const reading = readRevocationNotice(await c.req.text(), Date.now() / 1000);
    metrics.webhook({ organization, reading: reading.status });
    const log = c.var.log.child({ organization, provider: 'vipps' });
    if (reading.status === 'malformed') {
      log.warn({ event: 'webhook_malformed' }, 'webhook: malformed');
      return c.body(null, 400);
    }
    if (reading.status === 'unknown') {
      log.warn({ event: 'webhook_unknown_form' }, 'webhook: a token of a form nobody has documented, not acted upon');
      return c.body(null, 204);
    }
    const beat = startBeat();
    try {
      const revocation = { organization, provider: 'vipps', ...reading.notice };
      await database.recordRevocation(revocation, new DatabaseBudget());
    } catch (err) {
      // The organisation has a secret, and no such provider.
      if (codeOf(err) === 'PN001') throw new PageError('webhook_without_provider', 404);
      log.error({ event: 'revocation_not_recorded', code: codeOf(err), err }, 'the revocation could not be stored');
      c.header('retry-after', '30');
      return c.body(null, 503);
    }
    // A known subject makes more work than an unknown one, and the answer is to be the same.
    await beat.next();
    log.info({ event: 'revocation_received', late: reading.notice.late, verified: false }, 'webhook: revocation');
    return c.body(null, 204);
  };
}
