import { createHash, timingSafeEqual } from 'node:crypto';

/** `OIDC_WEBHOOK_SECRET_` and the organisation's slug in capitals, its hyphens as underscores. */
export function webhookSecretName(organization: string): string {
  return `OIDC_WEBHOOK_SECRET_${organization.toUpperCase().replaceAll('-', '_')}`;
}

/** Why a text cannot be a webhook's secret; undefined where it can. It stands in an address, and is all that protects it. */
export function webhookSecretFault(secret: string): string | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(secret)) return 'may hold letters, digits, - and _ only';
  return secret.length < 16 ? 'must have at least 16 characters' : undefined;
}

/**
 * Compares in constant time, also for an organisation that has no webhook.
 *
 * @param secret of the environment, if there is one
 */
export function isWebhookSecret(given: string, secret: string | undefined): boolean {
  const same = timingSafeEqual(digest(given), digest(secret ?? ''));
  return same && secret !== undefined;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
