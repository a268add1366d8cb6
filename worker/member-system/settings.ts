import { z } from 'zod';
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
  /** Most requests a second; null: unlimited. */
  readonly ratePerSecond: number | null;
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

const text = z.string().min(1);
/** Absent, null and empty are the same. */
const optionalText = z
  .unknown()
  .optional()
  .transform((value) => (typeof value === 'string' && value !== '' ? value : null));

// The pattern keeps a row from naming a secret of another purpose, such as the unsealing keys or the database URL.
const secretEnv = z.string().regex(/^MEMBER_SYSTEM_[A-Z0-9_]+$/);

const authentication = z
  .discriminatedUnion('auth', [
    z.object({ auth: z.literal('none') }),
    z.object({ auth: z.literal('basic'), username: text, secret_env: secretEnv }),
    z.object({ auth: z.literal('bearer'), secret_env: secretEnv }),
    z.object({
      auth: z.literal('oauth2_client_credentials'),
      token_url: text,
      client_id: text,
      secret_env: secretEnv,
      token_endpoint_auth_method: z.enum(['client_secret_basic', 'client_secret_post']).nullish(),
      scope: optionalText,
    }),
  ])
  .transform((row): Authentication => {
    switch (row.auth) {
      case 'none':
        return { kind: 'none' };
      case 'basic':
        return { kind: 'basic', username: row.username, secretEnv: row.secret_env };
      case 'bearer':
        return { kind: 'bearer', secretEnv: row.secret_env };
      case 'oauth2_client_credentials':
        return {
          kind: 'oauth2_client_credentials',
          tokenUrl: row.token_url,
          clientId: row.client_id,
          secretEnv: row.secret_env,
          authMethod: row.token_endpoint_auth_method ?? 'client_secret_basic',
          scope: row.scope,
        };
    }
  });

/** JSON, or JSON as text. */
const bodyTemplate = z.unknown().transform((value, context): unknown => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    context.addIssue('not JSON');
    return z.NEVER;
  }
});

const http = z
  .object({
    method: z.enum(['PUT', 'PATCH', 'POST']),
    url_template: text,
    body_template: bodyTemplate,
    timeout_ms: z.number().positive().nullish(),
    rate_per_second: z.number().positive().nullish(),
    read_url_template: optionalText,
    read_pointer: optionalText,
  })
  .and(authentication.transform((known) => ({ authentication: known })))
  .transform(
    (row): HttpMemberSystem => ({
      kind: 'http',
      method: row.method,
      urlTemplate: row.url_template,
      bodyTemplate: row.body_template,
      authentication: row.authentication,
      timeoutMs: Math.min(row.timeout_ms ?? usualRequestMs, longestRequestMs),
      ratePerSecond: row.rate_per_second ?? null,
      readUrlTemplate: row.read_url_template,
      readPointer: row.read_pointer ?? '/personnummer',
    }),
  );

const worklist = z
  .object({ receiver_key: z.unknown() })
  .transform((row): Worklist => ({ kind: 'worklist', receiverKey: row.receiver_key ?? null }));

const kind = z.object({ kind: z.enum(['http', 'worklist']) });

/**
 * Judges the JSON form of a row of `sync.member_systems`.
 *
 * @throws Failure `member_system_missing` without a row, `member_system_misconfigured` when a part of it cannot be used
 */
export function readMemberSystem(row: unknown): MemberSystem {
  if (row === null || row === undefined) throw new Failure('member_system_missing');
  const known = kind.safeParse(row);
  const system = known.success ? { http, worklist }[known.data.kind].safeParse(row) : known;
  // What is wrong is not passed on: it may quote the row.
  if (!system.success) throw new Failure('member_system_misconfigured');
  return system.data as MemberSystem;
}

/** Most requests at a time; also of a row that cannot be used otherwise. */
export function concurrencyOf(row: unknown): number {
  const known = z.object({ concurrency: z.number() }).safeParse(row);
  return known.success ? known.data.concurrency : 4;
}
