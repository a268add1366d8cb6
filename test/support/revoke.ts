import type { Door } from './door.ts';

/** Vipps says that Kari withdrew her consent; by default now, after every login so far. */
export const revoke = (door: Door, issuedAt = new Date(Date.now() + 1_000)) =>
  door.pool.query('select login.record_revocation($1, $2, $3, $4, $5, $6)', [
    door.organization.slug,
    'vipps',
    'subject-of-kari',
    'CONSENT_REVOKED',
    issuedAt,
    false,
  ]);
