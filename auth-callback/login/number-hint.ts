import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { z } from 'zod';
import { createBoundCookie } from '../../runtime/http/bound-cookie.ts';
import { createSealedBox, type SealingSecret } from '../../runtime/sealed-box.ts';
import type { ProviderRow } from '../provider/provider-row.ts';

/** What this browser's last login with a provider found. Says nothing about whom, except to somebody who logs in again. */
type NumberHint = z.infer<typeof numberHint>;
const numberHint = z.object({
  organization: z.string(),
  provider: z.string(),
  /** SHA-256 of issuer and subject. */
  person: z.string(),
  /** Seconds since 1970. */
  issuedAt: z.int(),
});

export interface NumberHints {
  /** Whether the login may do without the scope for the number: the last one here found a confirmed number. */
  spares(c: Context, row: ProviderRow): Promise<boolean>;
  /** After a login: remembers that the record's number is confirmed, or forgets it. */
  update(c: Context, row: ProviderRow, login: { subject: string; outcome: string }): Promise<void>;
}

/** A record can lose its number again (a coordinator takes a decision back), so it is asked for now and then. */
const lifetime = 90 * 24 * 60 * 60;
const cookie = createBoundCookie('number', 4);

/**
 * Vipps' scopes are accepted all or none, so that asking for the number needlessly costs logins. A returning member is
 * recognised by a sealed cookie, never by a parameter, and only where the organisation's row chooses this.
 *
 * @param secrets see `createSealedBox`
 */
export function createNumberHints(
  secrets: SealingSecret[],
  now: () => number = () => Math.floor(Date.now() / 1000),
): NumberHints {
  const box = createSealedBox(secrets, 'number-hint', numberHint);

  async function hintOf(c: Context, row: ProviderRow): Promise<NumberHint | undefined> {
    const sealed = cookie.read(c, keyOf(row));
    // An unreadable one is as good as none: it may have been sealed with a secret that was since retired.
    const hint = sealed === undefined ? undefined : await box.unseal(sealed).catch(() => undefined);
    if (hint?.organization !== row.organization || hint.provider !== row.provider) return undefined;
    return now() - hint.issuedAt < lifetime ? hint : undefined;
  }

  return {
    spares: async (c, row) => isWanted(row) && (await hintOf(c, row)) !== undefined,
    async update(c, row, { subject, outcome }) {
      if (!isWanted(row)) return;
      const person = personOf(row, subject);
      if (outcome === 'filled' || outcome === 'confirmed') {
        const { organization, provider } = row;
        const sealed = await box.seal({ organization, provider, person, issuedAt: now() });
        cookie.write(c, keyOf(row), sealed, lifetime);
        return;
      }
      // Somebody else at the same browser, or a login that could not find its member, has to be asked next time.
      const stands = outcome === 'absent' && (await hintOf(c, row))?.person === person;
      if (!stands && cookie.read(c, keyOf(row)) !== undefined) cookie.clear(c, keyOf(row));
    },
  };
}

function isWanted(row: ProviderRow): boolean {
  return row.askNumberWhenMissing && row.personnummerScope !== null;
}

function keyOf(row: ProviderRow): string {
  return `${row.organization}/${row.provider}`;
}

function personOf(row: ProviderRow, subject: string): string {
  return createHash('sha256').update(`${row.issuer}\n${subject}`).digest('base64url');
}
