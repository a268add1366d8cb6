import type { ActingCallback } from './acting-callback.ts';

/** Vipps says that Kari withdrew her consent; by default now, after every login so far. */
export const revoke = (callback: ActingCallback, issuedAt = new Date(Date.now() + 1_000)) =>
  callback.pool.query('select login.record_revocation($1, $2, $3, $4, $5, $6)', [
    callback.organization.slug,
    'vipps',
    'subject-of-kari',
    'CONSENT_REVOKED',
    issuedAt,
    false,
  ]);
