import { isIP } from 'node:net';
import { Agent, buildConnector, fetch as undiciFetch } from 'undici';
import { type Deployment, deploymentRules } from './deployment.ts';
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
  /** Whether the body of an answer with this status is wanted; where it is not, it is neither read nor waited for. Default: always. */
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
  const keepsBody = options.keepsBody ?? (() => true);

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
      const request = { ...init, redirect: 'manual', signal, dispatcher } as Parameters<typeof undiciFetch>[1];
      const response = await undiciFetch(target, request);
      return keepsBody(response.status) ? await readWhole(response, options.maxBytes) : await dropBody(response);
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

async function dropBody(response: Awaited<ReturnType<typeof undiciFetch>>): Promise<Response> {
  // Closes the connection if the other side is not done; what it would have said changes nothing.
  await response.body?.cancel();
  const { status, statusText } = response;
  return new Response(null, { status, statusText, headers: new Headers([...response.headers]) });
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
