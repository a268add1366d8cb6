import type { GuardedFetch, GuardedFetchInit } from '../../runtime/guarded-fetch.ts';

/**
 * Requests for the same public document that are under way at the same time become one: metadata and key sets of a
 * provider. Without it a burst of logins, or of tokens with an unknown `kid`, becomes a burst of requests at the provider.
 *
 * Anything with credentials or a body goes through as it is.
 */
export function coalesceFetch(fetch: GuardedFetch): GuardedFetch {
  const underWay = new Map<string, Promise<{ status: number; headers: Headers; body: ArrayBuffer }>>();

  async function read(url: string, init: GuardedFetchInit | undefined) {
    const response = await fetch(url, init);
    return { status: response.status, headers: response.headers, body: await response.arrayBuffer() };
  }

  return async (url, init) => {
    if ((init?.method ?? 'GET') !== 'GET' || init?.body || hasCredentials(init?.headers)) return fetch(url, init);
    const address = String(url);
    let reading = underWay.get(address);
    if (reading === undefined) {
      reading = read(address, init).finally(() => underWay.delete(address));
      underWay.set(address, reading);
    }
    const { status, headers, body } = await reading;
    return new Response(status === 204 || status === 304 ? null : body, { status, headers });
  };
}

function hasCredentials(headers: GuardedFetchInit['headers']): boolean {
  if (headers === undefined) return false;
  // openid-client passes a plain record; to make Headers of it on every login costs more than to look.
  if (headers instanceof Headers || Array.isArray(headers)) return new Headers(headers).has('authorization');
  return Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
}
