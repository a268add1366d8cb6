import { Failure } from '../failure.ts';
import type { HttpMemberSystem } from './settings.ts';

/** What one request says. */
export interface PushValues {
  /** Stable over all attempts: the member system may apply a key once only. */
  readonly pushId: string;
  readonly externalId: string | null;
  /** When the change was made: of two changes to one member the later one holds, in whatever order they arrive. */
  readonly madeAt: string;
  /** The number in clear, which goes into the body and nowhere else; null: the number is to be removed over there. */
  readonly personnummer: string | null;
}

/** A request ready to be sent, except for its authorisation. */
export interface MemberSystemRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

type Placeholders = Readonly<{ personnummer: string | null; external_id: string }>;

// One pass: what has been put in is not searched for placeholders again. A number that is to be removed is null where it
// would stand alone, and nothing inside other text.
function fill(template: string, values: Placeholders): string | null {
  if (template === '{personnummer}') return values.personnummer;
  return template.replace(/\{(personnummer|external_id)\}/g, (_, name: keyof Placeholders) => values[name] ?? '');
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

/** Whether a string of the template, and not only a key, holds the number. */
function sendsNumber(template: unknown): boolean {
  if (typeof template === 'string') return template.includes('{personnummer}');
  return typeof template === 'object' && template !== null && Object.values(template).some(sendsNumber);
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

function buildUrl(template: string, externalId: string, personnummer: string | null): string {
  // URLs are logged on the way; a number in one is out of our hands.
  if (template.includes('{personnummer}')) return misconfigured();
  const url = parseUrl(template.replaceAll('{external_id}', encodeURIComponent(externalId)));
  // A placeholder in the host would let a member record choose where the number goes.
  if (parseUrl(template.replaceAll('{external_id}', 'x')).origin !== url.origin) return misconfigured();
  if (parseUrl(template.replaceAll('{external_id}', 'y')).origin !== url.origin) return misconfigured();
  if (personnummer !== null && url.href.includes(personnummer)) throw new Failure('personnummer_in_url');
  return url.href;
}

/**
 * Builds the request for one push from the organisation's row.
 *
 * @returns URL with the external id percent-encoded, JSON body with the number (null: to be removed), `Idempotency-Key` = push id
 *   (draft-ietf-httpapi-idempotency-key-header-07; the value is an sf-string without its quotes, as most systems read it), `Change-Made-At`: a restored backup may send an older change once more
 * @throws Failure `member_system_misconfigured`, `external_id_missing`, `external_id_unusable` or `personnummer_in_url`
 */
export function buildRequest(system: HttpMemberSystem, values: PushValues): MemberSystemRequest {
  const externalId = judgeExternalId(values.externalId);
  const url = buildUrl(system.urlTemplate, externalId, values.personnummer);
  const template = JSON.stringify(system.bodyTemplate ?? null);
  // A request without the number, or without the member it belongs to, would count as delivered and change nothing.
  if (!sendsNumber(system.bodyTemplate)) return misconfigured();
  if (!`${system.urlTemplate}${template}`.includes('{external_id}')) return misconfigured();
  const body = JSON.stringify(
    fillJson(system.bodyTemplate, { personnummer: values.personnummer, external_id: externalId }),
  );
  return {
    url,
    method: system.method,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'idempotency-key': values.pushId,
      'change-made-at': values.madeAt,
    },
    body,
  };
}

/**
 * Where a member can be read. Throws like `buildRequest`.
 *
 * @param personnummer the number that must not be in the URL; null where there is none
 */
export function buildReadUrl(template: string, externalId: string | null, personnummer: string | null): string {
  return buildUrl(template, judgeExternalId(externalId), personnummer);
}

/**
 * Where a member system that took a change in says how it went.
 *
 * @param location the header `Location` of its 202
 * @param requestUrl where the change was sent; the answer must come from the same place, because our credentials go there
 * @throws Failure `status_url_refused`
 */
export function buildStatusUrl(location: string, requestUrl: string, personnummer: string | null): string {
  const url = URL.parse(location, requestUrl);
  const holdsNumber = url !== null && personnummer !== null && url.href.includes(personnummer);
  if (url === null || url.origin !== new URL(requestUrl).origin || holdsNumber || url.href.length > 2_000) {
    throw new Failure('status_url_refused');
  }
  url.hash = '';
  return url.href;
}
