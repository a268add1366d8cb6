import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * The address a request is counted under. Each trusted proxy appends the address it saw to X-Forwarded-For, so the one
 * that the outermost of them wrote stands `depth` places from the right; what stands further left is the client's own
 * text and is not believed.
 *
 * @param header X-Forwarded-For, its repetitions joined by commas
 * @param depth trusted proxies; 0 means that the header is ignored
 * @returns an IPv4 address, or the /64 of an IPv6 address, which is what one customer gets
 */
export function clientAddress(request: IncomingMessage, header: string | undefined, depth: number): string {
  return group(forwardedAddress(header, depth) ?? request.socket.remoteAddress ?? 'unknown');
}

/** Undefined when the header does not hold what a request through all the trusted proxies would. */
export function forwardedAddress(header: string | undefined, depth: number): string | undefined {
  if (depth === 0 || header === undefined) return undefined;
  const entry = header.split(',').at(-depth)?.trim() ?? '';
  const bare = entry.replace(/^\[([^\]]+)\](:[0-9]+)?$/, '$1').replace(/^([0-9.]+):[0-9]+$/, '$1');
  return isIP(bare) === 0 ? undefined : bare;
}

function group(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  const groups = [...left, ...zeros, ...right].slice(0, 4).map((each) => Number.parseInt(each, 16).toString(16));
  return `${groups.join(':')}::/64`;
}
