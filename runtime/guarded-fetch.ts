import { isIP } from 'node:net';
import { Agent, buildConnector, type Dispatcher, request } from 'undici';
import { decompress } from './decompress.ts';
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

type GuardedFetchOptions = {
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
    const late = new AbortController();
    // Not AbortSignal.timeout: that one would not keep a process alive that waits for nothing else.
    const timer = setTimeout(() => late.abort(new OutboundError('timeout')), options.timeoutMs);
    // Not AbortSignal.any: it costs more than the rest of this function.
    const giveUp = () => late.abort(init.signal?.reason);
    if (init.signal?.aborted) giveUp();
    init.signal?.addEventListener('abort', giveUp, { once: true });
    try {
      const exchange = async (): Promise<Response> => {
        const answer = await request(target, { ...toRequest(init), signal: late.signal, dispatcher });
        return keepsBody(answer.statusCode)
          ? await readWhole(answer, options.maxBytes)
          : dropBody(answer, options.maxBytes);
      };
      // undici hears of the signal only when it has a connection.
      return await Promise.race([exchange(), abortionOf(late.signal)]);
    } catch (error) {
      if (late.signal.aborted) throw late.signal.reason;
      throw outboundErrorOf(error);
    } finally {
      clearTimeout(timer);
      init.signal?.removeEventListener('abort', giveUp);
    }
  };
}

function abortionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

// What is left of an unwanted answer may arrive within this time, so that its connection can be used again.
const patienceMs = 1_000;

type Answer = Dispatcher.ResponseData;

/** undici's `request` and not its `fetch`: less than half the CPU, and what `fetch` does beyond it is not wanted here. */
function toRequest({ method = 'GET', headers, body }: GuardedFetchInit) {
  const named = toRecord(headers);
  if (body instanceof URLSearchParams) named['content-type'] ??= 'application/x-www-form-urlencoded;charset=UTF-8';
  // Said outright: an answer is read whole, and hardly any is worth compressing.
  named['accept-encoding'] ??= 'identity';
  return { method: method as Dispatcher.HttpMethod, headers: named, body: toBody(body) };
}

/** A plain record passes as it is; undici judges names and values. */
function toRecord(headers: GuardedFetchInit['headers']): Record<string, string> {
  if (headers === undefined) return {};
  if (headers instanceof Headers || Array.isArray(headers)) return Object.fromEntries(new Headers(headers));
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function toBody(body: GuardedFetchInit['body']): string | Buffer | null {
  if (body === undefined || body === null) return null;
  if (typeof body === 'string' || body instanceof URLSearchParams) return `${body}`;
  if (body instanceof ArrayBuffer) return Buffer.from(body);
  if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  throw new TypeError('a body is a text, a form or bytes');
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

/** Not waited for: what it would have said changes nothing. Closes the connection if the other side is not done soon. */
function dropBody({ body, statusCode, headers }: Answer, maxBytes: number): Response {
  const timer = setTimeout(() => body.destroy(), patienceMs).unref();
  const done = () => clearTimeout(timer);
  body.dump({ limit: maxBytes }).then(done, done);
  return new Response(null, { status: statusCode, headers: toHeaders(headers) });
}

async function readWhole({ body, statusCode, headers }: Answer, maxBytes: number): Promise<Response> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop early destroys the body, which closes the connection.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new OutboundError('response_too_large');
    chunks.push(chunk);
  }
  const read = [204, 205, 304].includes(statusCode) ? null : Buffer.concat(chunks);
  const content = read === null ? null : decompress(read, headers['content-encoding'], maxBytes);
  return new Response(content as Uint8Array<ArrayBuffer> | null, { status: statusCode, headers: toHeaders(headers) });
}

function toHeaders(received: Answer['headers']): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(received)) {
    for (const each of Array.isArray(value) ? value : [value ?? '']) headers.append(name, each);
  }
  return headers;
}
