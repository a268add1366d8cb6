/** How an invoice service behaves; everything but `ok` is a way of being broken, or of saying no to everybody. */
export const invoiceModes = [
  'ok',
  /** Breaks the connection without an answer. */
  'down',
  'error_500',
  'bad_gateway_502',
  /** 429 with `Retry-After: 1`. */
  'too_many',
  /** 429 that does not say for how long. */
  'too_many_silent',
  /** Takes the request for an issue-token and never answers. */
  'hang',
  /** Takes the invoice and never answers: the sender cannot know. */
  'take_then_hang',
  /** 403: the issuer is none of this service's. */
  'wrong_issuer',
  /** 400 to every look-up. */
  'refuse_look_ups',
  /** 422 to every invoice. */
  'refuse_invoices',
  /** 200 without a token in it. */
  'no_token',
  /** Issue-tokens that have expired when they arrive. */
  'expired_tokens',
  /** Access tokens are not known any more. */
  'forget_access_tokens',
] as const;

export type InvoiceMode = (typeof invoiceModes)[number];

export function isInvoiceMode(value: unknown): value is InvoiceMode {
  return invoiceModes.some((mode) => mode === value);
}
