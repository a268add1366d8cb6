/** Nobody is waited for longer than a day, whatever they say. In seconds. */
const longestPause = 86_400;

// RFC 9110 section 5.6.7: the preferred form of a date and the two obsolete ones. Date.parse takes much more than that.
const httpDate =
  /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

function readDate(text: string | null): number | null {
  if (text === null || !httpDate.test(text)) return null;
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(at) ? null : at;
}

/**
 * Reads `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date, which is compared with the answer's own `Date` where
 * there is one, so that clocks may differ.
 *
 * @returns whole seconds from 0 to a day; null where the header is absent or nonsense
 */
export function readRetryAfter(headers: Headers, now: () => number = Date.now): number | null {
  const value = headers.get('retry-after')?.trim() ?? null;
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Math.min(Number(value), longestPause);
  const at = readDate(value);
  if (at === null) return null;
  const seconds = Math.ceil((at - (readDate(headers.get('date')) ?? now())) / 1000);
  return Math.min(Math.max(seconds, 0), longestPause);
}
