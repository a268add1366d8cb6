import { randomUUID } from 'node:crypto';
import type { DatabaseBudget } from '../database/database-budget.ts';
import { repeatOnce } from '../database/repeat-once.ts';
import type { Doors } from '../doors.ts';
import { LoginError } from '../errors.ts';
import type { AppContext } from '../http/request-context.ts';
import { asRecord, createSealedBox, type SealingSecret } from '../transaction/sealed-box.ts';
import type { AccessTokenIssuer } from './access-token.ts';
import { bearerToken } from './bearer-token.ts';

/** A logged-in member's leave to link one more login, on its way from the app to the system browser. */
interface LinkPermit {
  /** UUID; used once. */
  id: string;
  sessionId: string;
  organization: string;
  /** Seconds since 1970. */
  expiresAt: number;
}

/** How long a link token is good for (seconds). */
export const linkTokenLifetime = 120;

export interface LinkPermits {
  /** @returns a token for the address bar: sealed, short-lived, good once */
  issue(session: { sessionId: string; organization: string }): Promise<string>;
  /**
   * What `intent=link` stands on: the token in the address, or, for scripted clients, our access token in the header.
   *
   * @returns the session whose member asks
   * @throws {LoginError} `access_denied` without either; `temporarily_unavailable` when the database does not say
   */
  use(c: AppContext, organization: string, token: string | undefined, budget: DatabaseBudget): Promise<string>;
}

export function createLinkPermits(
  secrets: SealingSecret[],
  { doors, accessTokens }: { doors: Doors; accessTokens: AccessTokenIssuer },
): LinkPermits {
  const box = createSealedBox(secrets, 'link-token', readPermit);

  async function redeem(token: string, organization: string, budget: DatabaseBudget): Promise<string> {
    const permit = await box.unseal(token).catch(() => undefined);
    const good = permit?.organization === organization && permit.expiresAt > Date.now() / 1000;
    if (!good) throw new LoginError('link_token_invalid', 'access_denied');
    const consume = (ms: number) => doors.consumeTransaction(permit.id, new Date(permit.expiresAt * 1000), ms);
    if (!(await ask(budget, consume))) throw new LoginError('link_token_used', 'access_denied');
    return permit.sessionId;
  }

  async function sessionOf(c: AppContext, organization: string): Promise<string> {
    const bearer = bearerToken(c);
    const session = bearer === undefined ? undefined : await accessTokens.verify(bearer);
    if (session?.organization !== organization) throw new LoginError('link_not_permitted', 'access_denied');
    return session.sessionId;
  }

  return {
    issue({ sessionId, organization }) {
      const expiresAt = Math.floor(Date.now() / 1000) + linkTokenLifetime;
      return box.seal({ id: randomUUID(), sessionId, organization, expiresAt });
    },
    async use(c, organization, token, budget) {
      const sessionId =
        token === undefined ? await sessionOf(c, organization) : await redeem(token, organization, budget);
      const live = await ask(budget, (ms) => doors.sessionIsLive(sessionId, organization, ms));
      if (!live) throw new LoginError('link_session_ended', 'access_denied');
      return sessionId;
    },
  };
}

/** A connection that broke while idle is found out now, so a lost one is tried once more; "no" is the safe answer. */
async function ask(budget: DatabaseBudget, question: (ms: number) => Promise<boolean>): Promise<boolean> {
  try {
    return await repeatOnce(() => budget.spend(question));
  } catch (cause) {
    throw new LoginError('link_not_checked', 'temporarily_unavailable', { cause });
  }
}

function readPermit(value: unknown): LinkPermit | undefined {
  const found = asRecord(value);
  const texts = [found?.id, found?.sessionId, found?.organization];
  const good = texts.every((each) => typeof each === 'string') && Number.isInteger(found?.expiresAt);
  return good ? (found as unknown as LinkPermit) : undefined;
}
