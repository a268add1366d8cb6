import { z } from 'zod';
import { storableText } from '../claims/storable-text.ts';

/** What a provider says when somebody withdraws consent. Nothing in it is proven. */
interface RevocationNotice {
  subject: string;
  event: string;
  issuedAt: Date;
  /** It came outside the time it was good for. */
  late: boolean;
}

type NoticeReading =
  | { status: 'notice'; notice: RevocationNotice }
  /** A token or an event of a form nobody has documented, such as a signed one: not acted upon, nor taken for verified. */
  | { status: 'unknown' }
  | { status: 'malformed' };

/** Seconds: for clocks that differ, and for how long a notice without `exp` is good (Vipps' example). */
const tolerance = 60;
const usualLifetime = 300;
const longestSubject = 255;
/** What the database keeps as the name of an event. */
const eventName = /^[A-Za-z_]{1,60}$/;

/**
 * Reads Vipps' CONSENT_REVOKED notice: two base64url segments, with or without a dot after them, header and payload, `alg`
 * being `none`. Nothing is verified, because there is nothing to verify it by. On purpose this shares nothing with the
 * verification of ID tokens, where `none` is never good.
 *
 * @param body the request's body as text
 * @param now seconds since 1970
 */
export function readRevocationNotice(body: string, now: number): NoticeReading {
  const segments = body.trim().split('.');
  if (segments.length !== 2 && segments.length !== 3) return { status: 'malformed' };
  const [header, payload] = segments.slice(0, 2).map(readSegment);
  if (header === undefined || payload === undefined) return { status: 'malformed' };
  if (header.alg !== 'none' || (segments[2] ?? '') !== '') return { status: 'unknown' };
  const notice = readPayload(payload, now);
  if (notice === undefined) return { status: 'malformed' };
  return eventName.test(notice.event) ? { status: 'notice', notice } : { status: 'unknown' };
}

const record = z.record(z.string(), z.unknown());

/** Seconds since 1970, up to the year 5138: what both we and PostgreSQL can keep. */
const time = z.number().nonnegative().lt(1e11).transform(Math.floor);

const payloadShape = z.object({
  sub: z.string().max(longestSubject),
  event: z.string().min(1),
  iat: time,
  exp: time.optional(),
  nbf: time.optional(),
});

function readSegment(segment: string): Record<string, unknown> | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(segment)) return undefined;
  try {
    return record.safeParse(JSON.parse(Buffer.from(segment, 'base64url').toString())).data;
  } catch {
    // What is no JSON is malformed; the parser's words would quote it.
    return undefined;
  }
}

function readPayload(payload: Record<string, unknown>, now: number): RevocationNotice | undefined {
  const { data: claims } = payloadShape.safeParse(payload);
  const subject = storableText(claims?.sub);
  if (claims === undefined || subject === undefined) return undefined;
  const { event, iat: issuedAt, exp: until = issuedAt + usualLifetime, nbf: from = issuedAt } = claims;
  const late = now > until + tolerance || now < Math.max(from, issuedAt) - tolerance;
  return { subject, event, issuedAt: new Date(issuedAt * 1000), late };
}
