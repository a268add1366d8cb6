import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { jwtVerify, SignJWT } from 'jose';
import { readObject, respond } from '../member-system/respond.ts';
import { type InvoiceMode, invoiceModes, isInvoiceMode } from './modes.ts';
import { findByData, findByNumber, type InvoiceRecipient } from './recipients.ts';

/** What one organisation's issuer is known by. */
export interface IssuerAccount {
  readonly organizationNumber: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly recipients: readonly InvoiceRecipient[];
}

/** One request, without anything of a person. */
export interface InvoiceRequestEvent {
  readonly what: 'access_token' | 'look_up' | 'issue';
  readonly status: number;
}

/** An invoice that was taken. */
export interface TakenInvoice {
  readonly name: string;
  readonly key: string | null;
  readonly amount: number;
  /** Of the recipient that the issue-token is for: which of the known ones, from 0. */
  readonly recipient: number;
  /** How often it was sent. */
  readonly times: number;
}

const tokenLifeSeconds = 15 * 60;
/** With a type of its own, so that tests know every issue-token by how it begins. */
export const issueTokenHeader = { alg: 'HS256', typ: 'issue-token+jwt' };
const problem = (response: ServerResponse, status: number, headers: Record<string, string> = {}): void =>
  respond(
    response,
    status,
    { title: `status ${status}`, status },
    { 'content-type': 'application/problem+json', ...headers },
  );

/** One organisation's side of the service. */
export function createIssuerAccount(
  account: IssuerAccount,
  log: (event: InvoiceRequestEvent) => void = () => undefined,
) {
  const secret = randomBytes(32);
  const accessTokens = new Set<string>();
  const issueTokens = new Set<string>();
  const invoices = new Map<string, TakenInvoice & { readonly body: string }>();
  const hanging = new Set<ServerResponse>();
  let recipients = account.recipients;
  let mode: InvoiceMode = 'ok';
  let counts = { accessTokens: 0, lookUps: 0, issues: 0 };
  let lookUpBodies: object[] = [];

  async function giveIssueToken(recipient: InvoiceRecipient): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const life = mode === 'expired_tokens' ? -1 : tokenLifeSeconds;
    const token = await new SignJWT({ issuer: account.organizationNumber, ref: recipients.indexOf(recipient) })
      .setProtectedHeader(issueTokenHeader)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + life)
      .sign(secret);
    issueTokens.add(token);
    return token;
  }

  /** @returns whether the mode has answered, or will never */
  function misbehaves(response: ServerResponse, what: 'look_up' | 'issue'): boolean {
    const statuses = {
      error_500: 500,
      bad_gateway_502: 502,
      too_many: 429,
      too_many_silent: 429,
      wrong_issuer: 403,
      ...(what === 'look_up' ? { refuse_look_ups: 400 } : { refuse_invoices: 422 }),
    } as Partial<Record<InvoiceMode, number>>;
    const status = statuses[mode];
    if (mode === 'down') response.destroy();
    else if (mode === 'hang' && what === 'look_up') hanging.add(response);
    else if (status !== undefined) {
      log({ what, status });
      problem(response, status, mode === 'too_many' ? { 'retry-after': '1' } : {});
    } else return false;
    return true;
  }

  function isAuthorized(request: IncomingMessage): boolean {
    const [, scheme, token] = /^(Bearer|VippsAccessToken) (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
    return scheme !== undefined && accessTokens.has(token ?? '');
  }

  function accessToken(request: IncomingMessage, response: ServerResponse): void {
    counts.accessTokens += 1;
    const { client_id: id, client_secret: given } = request.headers;
    if (id !== account.clientId || given !== account.clientSecret) {
      problem(response, 401);
      return;
    }
    const token = randomBytes(24).toString('base64url');
    accessTokens.add(token);
    log({ what: 'access_token', status: 200 });
    respond(response, 200, { token_type: 'Bearer', expires_in: '3600', access_token: token });
  }

  async function lookUp(response: ServerResponse, path: string, body: Record<string, unknown>): Promise<void> {
    counts.lookUps += 1;
    lookUpBodies.push(body);
    if (misbehaves(response, 'look_up')) return;
    const v1 = path === '/recipients/tokens';
    const wrongIssuer = !v1 && body.issuerIdentifierValue !== account.organizationNumber;
    const found = findIn(path, body);
    const status = wrongIssuer ? 403 : typeof found === 'number' ? found : 200;
    log({ what: 'look_up', status });
    if (wrongIssuer || typeof found === 'number') return problem(response, status);
    const token = mode === 'no_token' ? null : await giveIssueToken(found);
    respond(response, 200, v1 ? { recipientToken: token } : { issueToken: token });
  }

  function findIn(path: string, body: Record<string, unknown>) {
    if (path === '/recipients/tokens') return body.type === 'nin-no' ? findByNumber(recipients, body.value) : 400;
    if (path.endsWith('/recipient-data')) return findByData(recipients, body);
    if (body.recipientIdentifierType !== 'NorwegianNIN') return 400;
    return findByNumber(recipients, body.recipientIdentifierValue);
  }

  async function issue(request: IncomingMessage, response: ServerResponse, path: string, body: object): Promise<void> {
    counts.issues += 1;
    if (misbehaves(response, 'issue')) return;
    const name = path.slice(path.lastIndexOf('/') + 1);
    const { recipientToken, ...document } = body as { recipientToken?: string };
    const token = recipientToken ?? String(request.headers['issue-token'] ?? '');
    const payload = await jwtVerify(token, secret).then(
      (verified) => verified.payload,
      () => null,
    );
    const text = JSON.stringify(document);
    const known = invoices.get(name);
    const foreign =
      payload?.issuer !== account.organizationNumber || !name.startsWith(`orgno-no.${account.organizationNumber}.`);
    const status = foreign ? 403 : known !== undefined && known.body !== text ? 409 : 200;
    log({ what: 'issue', status });
    if (status !== 200) return problem(response, status);
    invoices.set(name, {
      name,
      key: request.headers['idempotency-key']?.toString() ?? null,
      amount: Number(Reflect.get(document, 'amount')),
      recipient: Number(payload?.ref),
      times: (known?.times ?? 0) + 1,
      body: text,
    });
    if (mode === 'take_then_hang') hanging.add(response);
    else respond(response, 200, {});
  }

  async function control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'POST') {
      const wanted: unknown = Reflect.get((await readObject(request)) ?? {}, 'mode');
      if (!isInvoiceMode(wanted)) return respond(response, 400, { code: 'unknown_mode', modes: invoiceModes });
      setMode(wanted);
    }
    const taken = [...invoices.values()].map(({ name, amount, times }) => ({ name, amount, times }));
    respond(response, 200, { mode, modes: invoiceModes, ...counts, invoices: taken });
  }

  function setMode(wanted: InvoiceMode): void {
    mode = wanted;
    if (wanted === 'forget_access_tokens') {
      accessTokens.clear();
      mode = 'ok';
    }
  }

  return {
    /** @param path after the organisation, with its slash */
    async handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
      if (path === '/control') return control(request, response);
      if (request.method === 'POST' && path === '/accesstoken/get') return accessToken(request, response);
      const looksUp =
        request.method === 'POST' &&
        /^(\/v2\/recipients\/token\/(unique|recipient-data)|\/recipients\/tokens)$/.test(path);
      const issues = request.method === 'PUT' && /^(\/v2)?\/invoices\/[A-Za-z]+-no\.\d+\.[A-Za-z0-9-]+$/.test(path);
      if (!looksUp && !issues) return problem(response, 404);
      if (!isAuthorized(request)) return problem(response, 401);
      const body = await readObject(request);
      if (body === undefined) return problem(response, 400);
      if (looksUp) return await lookUp(response, path, body as Record<string, unknown>);
      await issue(request, response, path, body);
    },
    setMode,
    setRecipients(known: readonly InvoiceRecipient[]) {
      recipients = known;
    },
    invoices: (): TakenInvoice[] => [...invoices.values()],
    counts: () => ({ ...counts }),
    /** What was sent to be looked up; with numbers in it, for tests that ask what leaves. */
    lookUpBodies: () => lookUpBodies,
    /** Every issue-token that was given out, for the search that finds none anywhere. */
    issueTokens: () => [...issueTokens],
    accessTokens: () => [...accessTokens],
    forget() {
      counts = { accessTokens: 0, lookUps: 0, issues: 0 };
      lookUpBodies = [];
      invoices.clear();
    },
    close() {
      for (const response of hanging) response.destroy();
    },
  };
}

export type LocalIssuer = ReturnType<typeof createIssuerAccount>;
