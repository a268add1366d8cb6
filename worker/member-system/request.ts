import { Failure } from '../failure.ts';
import type { MemberSystem } from './settings.ts';

/** What one request says. */
export interface PushValues {
  /** Stable over all attempts: the member system may apply a key once only. */
  readonly pushId: string;
  readonly externalId: string | null;
  /** The number in clear. It goes into the body and nowhere else. */
  readonly personnummer: string;
}

/** A request ready to be sent, except for its authorisation. */
export interface MemberSystemRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Placeholders = Readonly<Record<'personnummer' | 'external_id', string>>;

// One pass: what has been put in is not searched for placeholders again.
function fill(template: string, values: Placeholders): string {
  return template.replace(/\{(personnummer|external_id)\}/g, (_, name: keyof Placeholders) => values[name]);
}

/** Fills the strings of a JSON value. Keys, numbers and structure stay as the template has them. */
function fillJson(template: unknown, values: Placeholders): unknown {
  if (typeof template === 'string') return fill(template, values);
  if (Array.isArray(template)) return template.map((item) => fillJson(item, values));
  if (typeof template === 'object' && template !== null) {
    return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fillJson(value, values)]));
  }
  return template;
}

function misconfigured(): never {
  throw new Failure('member_system_misconfigured');
}

function parseUrl(text: string): URL {
  const url = URL.parse(text) ?? misconfigured();
  // Credentials belong in the row's authentication; in a URL they end up in logs of proxies.
  if (url.username !== '' || url.password !== '') return misconfigured();
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return misconfigured();
  return url;
}

function judgeExternalId(externalId: string | null): string {
  if (externalId === null || externalId === '') throw new Failure('external_id_missing');
  // Even percent-encoded, these two are path steps and would leave the template's path (WHATWG URL section 4.4).
  if (externalId === '.' || externalId === '..' || !externalId.isWellFormed()) {
    throw new Failure('external_id_unusable');
  }
  return externalId;
}

function buildUrl(template: string, values: PushValues, externalId: string): string {
  // URLs are logged on the way; a number in one is out of our hands.
  if (template.includes('{personnummer}')) return misconfigured();
  const url = parseUrl(template.replaceAll('{external_id}', encodeURIComponent(externalId)));
  // A placeholder in the host would let a member record choose where the number goes.
  if (parseUrl(template.replaceAll('{external_id}', 'x')).origin !== url.origin) return misconfigured();
  if (parseUrl(template.replaceAll('{external_id}', 'y')).origin !== url.origin) return misconfigured();
  if (url.href.includes(values.personnummer)) throw new Failure('personnummer_in_url');
  return url.href;
}

/**
 * Builds the request for one push from the organisation's row.
 *
 * @returns URL with the external id percent-encoded, JSON body with the number, `Idempotency-Key` = push id
 *   (draft-ietf-httpapi-idempotency-key-header-07; the value is an sf-string without its quotes, as most systems read it)
 * @throws Failure `member_system_misconfigured`, `external_id_missing`, `external_id_unusable` or `personnummer_in_url`
 */
export function buildRequest(system: MemberSystem, values: PushValues): MemberSystemRequest {
  const externalId = judgeExternalId(values.externalId);
  const url = buildUrl(system.urlTemplate, values, externalId);
  const template = JSON.stringify(system.bodyTemplate ?? null);
  const body = JSON.stringify(
    fillJson(system.bodyTemplate, { personnummer: values.personnummer, external_id: externalId }),
  );
  // A request without the number, or without the member it belongs to, would count as delivered and change nothing.
  if (!body?.includes(values.personnummer)) return misconfigured();
  if (!`${system.urlTemplate}${template}`.includes('{external_id}')) return misconfigured();
  return {
    url,
    method: system.method,
    headers: { 'content-type': 'application/json', accept: 'application/json', 'idempotency-key': values.pushId },
    body,
  };
}
