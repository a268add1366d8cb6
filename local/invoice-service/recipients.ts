/** Somebody whom the service knows. Synthetic. */
export interface InvoiceRecipient {
  readonly number?: string;
  /** Country code first, no plus. */
  readonly msisdn?: string;
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  /** yyyy-mm-dd */
  readonly dateOfBirth?: string;
  /** Whether invoices may be sent electronically. */
  readonly consent: boolean;
}

/** What the service says of a look-up: a recipient, or the status of its answer. */
export type Found = InvoiceRecipient | 404 | 409;

/** By a unique identifier. */
export function findByNumber(recipients: readonly InvoiceRecipient[], number: unknown): Found {
  return onlyOne(recipients.filter((each) => each.number !== undefined && each.number === number));
}

const strong = ['msisdn', 'email'] as const;
const vague = ['dateOfBirth', 'firstName', 'lastName'] as const;
const accepted = new Set([
  ...strong,
  ...vague,
  'issuerIdentifierType',
  'issuerIdentifierValue',
  'postCode',
  'addressLine1',
]);

/** By contact data: what was sent must agree exactly with what is known. 400: too little, or something that is not accepted. */
export function findByData(recipients: readonly InvoiceRecipient[], data: Record<string, unknown>): Found | 400 {
  const strongs = strong.filter((name) => typeof data[name] === 'string');
  const vagues = vague.filter((name) => typeof data[name] === 'string');
  if (Object.keys(data).some((name) => !accepted.has(name))) return 400;
  if (strongs.length < 2 && !(strongs.length === 1 && vagues.length > 0)) return 400;
  if (data.msisdn !== undefined && !/^\d{10,15}$/.test(String(data.msisdn))) return 400;
  const agrees = (each: InvoiceRecipient) =>
    [...strongs, ...vagues].every((name) => each[name] === undefined || each[name] === data[name]) &&
    strongs.some((name) => each[name] === data[name]);
  return onlyOne(recipients.filter(agrees));
}

function onlyOne(found: readonly InvoiceRecipient[]): Found {
  const consenting = found.filter(({ consent }) => consent);
  if (consenting.length > 1) return 409;
  return consenting[0] ?? 404;
}
