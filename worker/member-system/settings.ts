import { Failure } from '../failure.ts';

/** How we show our client secret at a token endpoint (RFC 6749 section 2.3.1): as Basic, or in the form. */
export type TokenEndpointAuthMethod = 'client_secret_basic' | 'client_secret_post';

/** How the member system knows us. Secrets are named by environment variable, never stored in the row. */
export type Authentication =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly secretEnv: string }
  | { readonly kind: 'bearer'; readonly secretEnv: string }
  | {
      readonly kind: 'oauth2_client_credentials';
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly secretEnv: string;
      readonly authMethod: TokenEndpointAuthMethod;
      readonly scope: string | null;
    };

/** A row of `sync.member_systems` that is reached over HTTP, judged. */
export interface HttpMemberSystem {
  readonly kind: 'http';
  readonly method: 'PUT' | 'PATCH' | 'POST';
  readonly urlTemplate: string;
  /** JSON value whose strings may hold `{personnummer}` and `{external_id}`. */
  readonly bodyTemplate: unknown;
  readonly authentication: Authentication;
  /** Overall timeout of one request in milliseconds, at most `longestRequestMs`. */
  readonly timeoutMs: number;
  /** Where a member can be read; null: nowhere. */
  readonly readUrlTemplate: string | null;
  /** JSON pointer (RFC 6901) to the number in what is read. */
  readonly readPointer: string;
}

/** A row whose changes a person types in. */
export interface Worklist {
  readonly kind: 'worklist';
  /** Public JWK that numbers are sealed for; null: the person gets none from us. */
  readonly receiverKey: unknown;
}

/** A row that the worker carries pushes for one by one. Files are written elsewhere. */
export type MemberSystem = HttpMemberSystem | Worklist;

/** No request to a member system takes longer than this, whatever its row says. In milliseconds. */
export const longestRequestMs = 30_000;

/** For a row that says nothing, in milliseconds. */
const usualRequestMs = 10_000;

// The pattern keeps a row from naming a secret of another purpose, such as the unsealing keys or the database URL.
const secretName = /^MEMBER_SYSTEM_[A-Z0-9_]+$/;
const methods: readonly unknown[] = ['PUT', 'PATCH', 'POST'];

function refuse(): never {
  throw new Failure('member_system_misconfigured');
}

function text(row: object, key: string): string {
  const value: unknown = Reflect.get(row, key);
  return typeof value === 'string' && value !== '' ? value : refuse();
}

function optionalText(row: object, key: string): string | null {
  const value: unknown = Reflect.get(row, key);
  return typeof value === 'string' && value !== '' ? value : null;
}

function secretEnv(row: object): string {
  const name = text(row, 'secret_env');
  return secretName.test(name) ? name : refuse();
}

function tokenEndpointAuthMethod(row: object): TokenEndpointAuthMethod {
  const method: unknown = Reflect.get(row, 'token_endpoint_auth_method') ?? 'client_secret_basic';
  return method === 'client_secret_basic' || method === 'client_secret_post' ? method : refuse();
}

function authentication(row: object): Authentication {
  switch (Reflect.get(row, 'auth')) {
    case 'none':
      return { kind: 'none' };
    case 'basic':
      return { kind: 'basic', username: text(row, 'username'), secretEnv: secretEnv(row) };
    case 'bearer':
      return { kind: 'bearer', secretEnv: secretEnv(row) };
    case 'oauth2_client_credentials': {
      return {
        kind: 'oauth2_client_credentials',
        tokenUrl: text(row, 'token_url'),
        clientId: text(row, 'client_id'),
        secretEnv: secretEnv(row),
        authMethod: tokenEndpointAuthMethod(row),
        scope: optionalText(row, 'scope'),
      };
    }
    default:
      return refuse();
  }
}

function bodyTemplate(row: object): unknown {
  const template: unknown = Reflect.get(row, 'body_template');
  if (typeof template !== 'string') return template;
  try {
    return JSON.parse(template);
  } catch {
    return refuse();
  }
}

function timeoutMs(row: object): number {
  const value: unknown = Reflect.get(row, 'timeout_ms');
  if (value === null || value === undefined) return usualRequestMs;
  return typeof value === 'number' && value > 0 ? Math.min(value, longestRequestMs) : refuse();
}

function readHttp(row: object): HttpMemberSystem {
  const method: unknown = Reflect.get(row, 'method');
  if (!methods.includes(method)) return refuse();
  return {
    kind: 'http',
    method: method as HttpMemberSystem['method'],
    urlTemplate: text(row, 'url_template'),
    bodyTemplate: bodyTemplate(row),
    authentication: authentication(row),
    timeoutMs: timeoutMs(row),
    readUrlTemplate: optionalText(row, 'read_url_template'),
    readPointer: optionalText(row, 'read_pointer') ?? '/personnummer',
  };
}

/**
 * Judges the JSON form of a row of `sync.member_systems`.
 *
 * @throws Failure `member_system_missing` without a row, `member_system_misconfigured` when a part of it cannot be used
 */
export function readMemberSystem(row: unknown): MemberSystem {
  if (row === null || row === undefined) throw new Failure('member_system_missing');
  if (typeof row !== 'object') return refuse();
  switch (Reflect.get(row, 'kind')) {
    case 'http':
      return readHttp(row);
    case 'worklist':
      return { kind: 'worklist', receiverKey: Reflect.get(row, 'receiver_key') ?? null };
    default:
      return refuse();
  }
}
