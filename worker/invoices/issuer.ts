import { z } from 'zod';
import { Failure } from '../failure.ts';

/** A row of `billing.issuers`, judged. */
export interface Issuer {
  readonly id: string;
  /** Nine digits. */
  readonly organizationNumber: string;
  /** Account that is paid to, eleven digits. */
  readonly accountNumber: string;
  readonly interface: 'v1' | 'v2';
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly accessTokenUrl: string;
  readonly clientId: string;
  /** Names of environment variables; the row never holds a secret. */
  readonly clientSecretEnv: string;
  readonly subscriptionKeyEnv: string | null;
  /** The word before the access token. */
  readonly scheme: 'Bearer' | 'VippsAccessToken';
  readonly tokenPlace: 'header' | 'body';
  /** Name of that header, or of that member of the body. */
  readonly tokenName: string;
  /** Path under `baseUrl` with `{invoice_id}`. */
  readonly issuePath: string;
  /** Longest time one request may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** No request to an invoice service takes longer than this, whatever its row says. In milliseconds. */
export const longestInvoiceRequestMs = 20_000;

// The pattern keeps a row from naming a secret of another purpose, such as the unsealing keys or the database URL.
const secretEnv = z.string().regex(/^INVOICE_[A-Z0-9_]+$/);

const issuer = z
  .object({
    id: z.string(),
    organization_number: z.string().regex(/^\d{9}$/),
    account_number: z.string().regex(/^\d{11}$/),
    interface: z.enum(['v1', 'v2']),
    base_url: z.url({ protocol: /^https?$/ }),
    access_token_url: z.url({ protocol: /^https?$/ }),
    client_id: z.string().min(1),
    client_secret_env: secretEnv,
    subscription_key_env: secretEnv.nullish(),
    authorization_scheme: z.enum(['Bearer', 'VippsAccessToken']),
    token_place: z.enum(['header', 'body']),
    token_name: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,60}$/),
    issue_path: z.string().regex(/^\/[A-Za-z0-9/_.-]*\{invoice_id\}$/),
    timeout_ms: z.number().positive(),
  })
  .transform(
    (row): Issuer => ({
      id: row.id,
      organizationNumber: row.organization_number,
      accountNumber: row.account_number,
      interface: row.interface,
      baseUrl: row.base_url,
      accessTokenUrl: row.access_token_url,
      clientId: row.client_id,
      clientSecretEnv: row.client_secret_env,
      subscriptionKeyEnv: row.subscription_key_env ?? null,
      scheme: row.authorization_scheme,
      tokenPlace: row.token_place,
      tokenName: row.token_name,
      issuePath: row.issue_path,
      timeoutMs: Math.min(row.timeout_ms, longestInvoiceRequestMs),
    }),
  );

/**
 * Judges the JSON form of a row of `billing.issuers`.
 *
 * @throws Failure `issuer_misconfigured` when a part of it cannot be used
 */
export function readIssuer(row: unknown): Issuer {
  const { success, data } = issuer.safeParse(row);
  // What is wrong is not passed on: it may quote the row.
  if (!success) throw new Failure('issuer_misconfigured');
  return data;
}
