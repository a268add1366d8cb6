import { inspect } from 'node:util';
import { decodeJwt } from 'jose';
import { Failure } from '../failure.ts';

/** Nothing lives longer than this, whatever the token says of itself. In milliseconds. */
const longestLifeMs = 15 * 60_000;

/** For one recipient and one issuer: what a token was asked for with, and may be used for. */
export type TokenScope = string;

/**
 * A proof that one recipient may be sent an invoice by one issuer at this moment. It lives in memory, in the run that asked for it, and
 * shows itself to nobody but the request that issues: printed, logged or written as JSON it is a word.
 */
export class IssueToken {
  readonly #value: string;
  readonly #scope: TokenScope;
  readonly #until: number;
  readonly #now: () => number;

  /**
   * @param value as the service gave it; its claims may change without notice, so that nothing but `exp` is looked at
   * @param askedAt when it was asked for, in milliseconds since the epoch: its life cannot have begun earlier
   */
  constructor(value: string, scope: TokenScope, askedAt: number, now: () => number = Date.now) {
    this.#value = value;
    this.#scope = scope;
    this.#until = Math.min(askedAt + longestLifeMs, expiryOf(value));
    this.#now = now;
  }

  /** Whether it may be used for this recipient and issuer, now. */
  isFor(scope: TokenScope): boolean {
    return this.#scope === scope && this.#now() < this.#until;
  }

  /**
   * The token itself, for the request that issues.
   *
   * @throws Failure `issue_token_expired` when its time is over, or it was asked for somebody else
   */
  revealFor(scope: TokenScope): string {
    if (!this.isFor(scope)) throw new Failure('issue_token_expired');
    return this.#value;
  }

  toString(): string {
    return '[issue-token]';
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** In milliseconds since the epoch; endless where the token does not say. */
function expiryOf(value: string): number {
  try {
    const { exp } = decodeJwt(value);
    return typeof exp === 'number' ? exp * 1_000 : Number.POSITIVE_INFINITY;
  } catch {
    // It is opaque: then the longest life there is holds.
    return Number.POSITIVE_INFINITY;
  }
}
