export type OutboundErrorCode =
  | 'address_refused'
  | 'timeout'
  | 'response_too_large'
  | 'connection_failed'
  | 'tls_failed';

const sentences: Record<OutboundErrorCode, string> = {
  address_refused: 'the address is not one this program may send to',
  timeout: 'no complete answer in time',
  response_too_large: 'the answer is larger than allowed',
  connection_failed: 'the connection could not be made, or broke',
  tls_failed: 'the other side is not who it must be, or does not speak TLS',
};

/** An outbound request that brought no answer. Holds no URL, no header and no body. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly code: OutboundErrorCode;
  /** The code of what failed underneath, e.g. `ECONNREFUSED`. */
  readonly reason: string | undefined;

  constructor(code: OutboundErrorCode, reason?: string) {
    super(reason === undefined ? sentences[code] : `${sentences[code]} (${reason})`);
    this.code = code;
    this.reason = reason;
  }
}

const tlsCodes =
  /^(CERT_|CRL_|ERR_TLS_|ERR_SSL_|EPROTO$|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH$|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_|ERROR_IN_CERT)/;
const timeoutCodes = /^(UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT|ETIMEDOUT)$/;

/** Finds what an error of fetch is about by the codes in it and beneath it. */
export function outboundErrorOf(error: unknown): OutboundError {
  const chain = beneath(error);
  const own = chain.find((each) => each instanceof OutboundError);
  if (own !== undefined) return own;
  const codes = chain.flatMap((each) => ('code' in each && typeof each.code === 'string' ? [each.code] : []));
  const tls = codes.find((code) => tlsCodes.test(code));
  if (tls !== undefined) return new OutboundError('tls_failed', tls);
  const late = codes.find((code) => timeoutCodes.test(code));
  if (late !== undefined) return new OutboundError('timeout', late);
  return new OutboundError('connection_failed', codes[0]);
}

function beneath(error: unknown): Error[] {
  const chain: Error[] = [];
  const waiting = [error];
  while (waiting.length > 0 && chain.length < 20) {
    const next = waiting.shift();
    if (!(next instanceof Error)) continue;
    chain.push(next);
    waiting.push(next.cause, ...(next instanceof AggregateError ? next.errors : []));
  }
  return chain;
}
