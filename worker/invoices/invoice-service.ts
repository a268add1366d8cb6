/** The requests to an invoice service, in both shapes that are known of its interface. Which one is spoken the issuer's row says. */
import { type Deployment, deploymentRules } from '../../runtime/deployment.ts';
import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import { Failure } from '../failure.ts';
import type { AccessTokens } from '../member-system/access-tokens.ts';
import { type Authorization, authorized, headerText } from '../member-system/authorization.ts';
import { ask, type Reading } from '../member-system/send.ts';
import type { Issuer } from './issuer.ts';
import type { LookUp } from './look-ups.ts';

/** What is issued. */
export interface InvoiceContent {
  readonly invoice_number: string;
  readonly amount_ore: number;
  /** yyyy-mm-dd */
  readonly due_date: string;
  readonly kid: string | null;
  readonly document_reference: string | null;
  readonly description: string;
}

export interface InvoiceServiceOptions {
  /** Secrets of issuers by the name of their environment variable. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly accessTokens: AccessTokens;
  readonly fetch: GuardedFetch;
  readonly deployment: Deployment;
}

/** Each throws Failures of the guarded fetch, of the access token's endpoint, `secret_missing` and `issuer_misconfigured`. */
export interface InvoiceService {
  /** Asks for an access token, and for nothing else. */
  authorize(issuer: Issuer): Promise<void>;
  /** Asks for an issue-token. @param assertHeld asked right before anything leaves */
  lookUp(issuer: Issuer, lookUp: LookUp, signal: AbortSignal, assertHeld: () => void): Promise<Reading>;
  /** Issues an invoice. @param revealToken gives the issue-token, right before it leaves */
  issue(issuer: Issuer, sent: Sent, signal: AbortSignal, revealToken: () => string): Promise<Reading>;
}

/** An invoice, and the key under which it is sent any number of times and issued once. */
export interface Sent {
  readonly invoiceId: string;
  readonly content: InvoiceContent;
}

export function createInvoiceService({
  secrets,
  accessTokens,
  fetch,
  deployment,
}: InvoiceServiceOptions): InvoiceService {
  const { allowsPlainHttp } = deploymentRules(deployment);

  function secret(name: string): string {
    const value = secrets.get(name);
    if (value === undefined || value === '') throw new Failure('secret_missing');
    // Anything else cannot be a header value, and an error about it would quote the secret.
    if (!headerText.test(value)) throw new Failure('issuer_misconfigured');
    return value;
  }

  async function authorize(issuer: Issuer): Promise<Authorization> {
    const { accessTokenUrl: tokenUrl, clientId, clientSecretEnv, subscriptionKeyEnv, scheme } = issuer;
    const subscriptionKey = subscriptionKeyEnv === null ? null : secret(subscriptionKeyEnv);
    const clientSecret = secret(clientSecretEnv);
    const client = { tokenUrl, clientId, clientSecret, authMethod: 'headers' as const, scope: null, subscriptionKey };
    const token = await accessTokens.get(client);
    if (!headerText.test(token)) throw new Failure('token_unavailable');
    return { header: `${scheme} ${token}`, forget: () => accessTokens.forget(client, token) };
  }

  function request(issuer: Issuer, method: string, path: string, body: unknown, more: Record<string, string> = {}) {
    if (!allowsPlainHttp && !issuer.baseUrl.startsWith('https:')) throw new Failure('issuer_misconfigured');
    const { subscriptionKeyEnv } = issuer;
    const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json', ...more };
    if (subscriptionKeyEnv !== null) headers['ocp-apim-subscription-key'] = secret(subscriptionKeyEnv);
    return { url: `${issuer.baseUrl}${path}`, method, headers, body: JSON.stringify(body) };
  }

  return {
    async authorize(issuer) {
      await authorize(issuer);
    },

    lookUp: (issuer, { path, body }, signal, assertHeld) =>
      authorized(issuer, authorize, (authorization) => {
        assertHeld();
        return ask(request(issuer, 'POST', path, body), { fetch, timeoutMs: issuer.timeoutMs, signal, authorization });
      }),

    issue: (issuer, { invoiceId, content }, signal, revealToken) =>
      authorized(issuer, authorize, (authorization) => {
        const token = revealToken();
        const name = `orgno-no.${issuer.organizationNumber}.${content.invoice_number}`;
        const inBody = issuer.tokenPlace === 'body' ? { [issuer.tokenName]: token } : {};
        const inHeader = issuer.tokenPlace === 'header' ? { [issuer.tokenName.toLowerCase()]: token } : {};
        const body = { ...inBody, ...documentOf(issuer, content) };
        const path = issuer.issuePath.replace('{invoice_id}', name);
        const headers = { 'idempotency-key': invoiceId, ...inHeader };
        return ask(request(issuer, 'PUT', path, body, headers), {
          fetch,
          timeoutMs: issuer.timeoutMs,
          signal,
          authorization,
        });
      }),
  };
}

/** The body of the first interface, whose successor is not published: amounts in øre, the due date as a moment (RFC 3339). */
function documentOf(issuer: Issuer, content: InvoiceContent) {
  const { kid, document_reference: reference } = content;
  return {
    paymentInformation: {
      type: kid === null ? 'message' : 'kid',
      value: kid ?? reference,
      account: issuer.accountNumber,
    },
    invoiceType: 'invoice',
    due: `${content.due_date}T12:00:00Z`,
    amount: content.amount_ore,
    subject: content.description,
  };
}
