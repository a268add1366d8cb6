import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';

/** As much as `exp` of an ID token may lie behind. */
const toleranceSeconds = 30;

/**
 * Compares this machine's clock with the provider's, by the time that its first answer brings (RFC 9110, section 6.6.1).
 *
 * @param now milliseconds since 1970
 */
export function watchClock(fetch: GuardedFetch, now: () => number = Date.now) {
  let ahead: number | undefined;
  const watched: GuardedFetch = async (url, init) => {
    const response = await fetch(url, init);
    const theirs = Date.parse(response.headers.get('date') ?? '');
    // What a cache has kept says when it was made.
    if (!Number.isNaN(theirs) && !response.headers.has('age')) ahead ??= Math.round((now() - theirs) / 1000);
    return response;
  };
  return {
    fetch: watched,
    faults(): string[] {
      if (ahead === undefined || Math.abs(ahead) <= toleranceSeconds) return [];
      const where = ahead > 0 ? 'ahead of' : 'behind';
      return [
        `this machine's clock is ${Math.abs(ahead)} seconds ${where} the provider's, so ID tokens will be refused: let NTP set it`,
      ];
    },
  };
}
