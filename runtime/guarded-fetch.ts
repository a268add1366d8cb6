import { isIP } from 'node:net';
import { Agent, buildConnector, fetch as undiciFetch } from 'undici';
import { type Deployment, deploymentRules } from './deployment.ts';
import { sendLean } from './lean-request.ts';
import { OutboundError, outboundErrorOf } from './outbound-error.ts';
import { isPublicAddress, lookupPublicAddress } from './public-address.ts';

export { OutboundError, type OutboundErrorCode } from './outbound-error.ts';

/** Like `fetch`, and fit to be openid-client's `customFetch`; the body of the response has been read to its end, or dropped. */
export type GuardedFetch = (url: string | URL, init?: GuardedFetchInit) => Promise<Response>;

/** What both `RequestInit` and openid-client's options are; `redirect` is ignored. */
export type GuardedFetchInit = {
  method?: string | undefined;
  headers?: RequestInit['headers'] | undefined;
  body?: RequestInit['body'] | ArrayBuffer | Uint8Array | undefined;
  duplex?: 'half' | undefined;
  redirect?: RequestInit['redirect'] | undefined;
  signal?: AbortSignal | null | undefined;
};

export type GuardedFetchOptions = {
  deployment: Deployment;
  /** For the whole exchange, from the name lookup to the last byte of the body. */
  timeoutMs: number;
  /** Of the body, after decompression. */
  maxBytes: number;
  /**
   * Whether the body of an answer with this status is wanted; where it is not, it is neither read nor waited for. Given, requests
   * go out on the lean way, with bodies of text only. Default: always.
   */
  keepsBody?: (status: number) => boolean;
};

/**
 * The only way out for requests. https only and public addresses only, unless the deployment is `local`; TLS is always
 * verified; a redirect is returned as it came, never followed.
 *
 * The returned function throws {@link OutboundError} (`address_refused`, `timeout`, `response_too_large`,
 * `connection_failed`, `tls_failed`), or the caller's own reason when the caller's signal aborts.
 */
export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { allowsPlainHttp, allowsPrivateAddresses } = deploymentRules(options.deployment);
  const dispatcher = createAgent(options.timeoutMs, allowsPrivateAddresses);
  const { keepsBody, maxBytes } = options;

  return async (url, init = {}) => {
    const target = URL.parse(`${url}`);
    const schemes = allowsPlainHttp ? ['https:', 'http:'] : ['https:'];
    if (target === null || !schemes.includes(target.protocol)) throw new OutboundError('address_refused', 'scheme');
    if (target.username !== '' || target.password !== '') throw new OutboundError('address_refused', 'credentials');
    // Not AbortSignal.timeout: that one would not keep a process alive that waits for nothing else.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new OutboundError('timeout')), options.timeoutMs);
    const signal = init.signal ? AbortSignal.any([late.signal, init.signal]) : late.signal;
    try {
      if (keepsBody === undefined) {
        const request = { ...init, redirect: 'manual', signal, dispatcher } as Parameters<typeof undiciFetch>[1];
        return await readWhole(await undiciFetch(target, request), maxBytes);
      }
      const { method = 'GET', body = null } = init;
      if (body !== null && typeof body !== 'string') throw new TypeError('a body of text is expected');
      const headers = new Headers(init.headers);
      return await sendLean({ url: target, method, headers, body, signal, dispatcher, keepsBody, maxBytes });
    } catch (error) {
      if (late.signal.aborted) throw late.signal.reason;
      if (init.signal?.aborted) throw init.signal.reason;
      throw outboundErrorOf(error);
    } finally {
      clearTimeout(timer);
    }
  };
}

function createAgent(timeoutMs: number, allowsPrivateAddresses: boolean): Agent {
  const timeouts = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
  // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off.
  const tls = { rejectUnauthorized: true, timeout: timeoutMs };
  if (allowsPrivateAddresses) return new Agent({ ...timeouts, connect: tls });
  const connect = buildConnector({ ...tls, lookup: lookupPublicAddress });
  return new Agent({
    ...timeouts,
    connect(target, callback) {
      // An address written out is connected to without a lookup, so it is judged here.
      const host = target.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !isPublicAddress(host)) callback(new OutboundError('address_refused'), null);
      else connect(target, callback);
    },
  });
}

async function readWhole(response: Awaited<ReturnType<typeof undiciFetch>>, maxBytes: number): Promise<Response> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the body, which closes the connection.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new OutboundError('response_too_large');
    chunks.push(chunk);
  }
  const { status, statusText } = response;
  const headers = new Headers([...response.headers]);
  const body = [204, 205, 304].includes(status) ? null : Buffer.concat(chunks);
  return new Response(body, { status, statusText, headers });
}
