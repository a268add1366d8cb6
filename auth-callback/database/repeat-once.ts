/**
 * For calls that change nothing when they are made twice: once more when the connection broke, because then nobody knows whether
 * the first one arrived.
 *
 * @throws what the call throws otherwise, or the second time
 */
export async function repeatOnce<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (isConnectionLost(error)) return await call();
    throw error;
  }
}

/**
 * Whether an error of the database means that nobody knows what became of the statement, or that a new connection may
 * do better: connection failures (SQLSTATE class 08), server going down or coming up (57P01 to 57P03), a standby that
 * took over half-way (25006), serialization failure and deadlock (40001, 40P01), and the sockets' own.
 */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (/^(08...|57P0[123]|25006|40001|40P01)$/.test(code)) return true;
  if (/^(ECONNRESET|ECONNREFUSED|EPIPE|ENOTCONN)$/.test(code)) return true;
  // pg and pg-pool give these no code.
  return /^Connection terminated|^Client has encountered a connection error/.test(error.message);
}
