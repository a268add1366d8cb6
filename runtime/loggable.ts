import { describeError } from './describe-error.ts';

const deepest = 6;
const secretNames =
  /^(authorization|proxy-authorization|cookie|set-cookie|password|client_secret|code_verifier|(access|id|refresh)_token|id_token_hint|nin|pid|nnin|nnin_altsub|personnummer)$/i;

/**
 * Copies what is about to be logged and keeps what is known to be harmless: plain objects and arrays, plain values, things
 * that say themselves how they are written (`toJSON`). Errors are described, URLs lose their query, values under the
 * names of secrets and numbers are removed, and any other object is replaced by the name of its class.
 */
export function loggable(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return describeError(value);
  if (value instanceof URL) return `${value.origin}${value.pathname}`;
  if (depth >= deepest) return '[deeper]';
  if (Array.isArray(value)) return value.map((each) => loggable(each, depth + 1));
  if (ArrayBuffer.isView(value)) return '[bytes]';
  if (isPlain(value)) return copy(value, depth);
  return 'toJSON' in value ? value : `[${value.constructor?.name ?? 'object'}]`;
}

function copy(value: object, depth: number): object {
  const entries = Object.entries(value).map(([name, each]) => {
    const isSecret = secretNames.test(name) && each !== null && each !== undefined;
    return [name, isSecret ? '[removed]' : loggable(each, depth + 1)];
  });
  return Object.fromEntries(entries);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
