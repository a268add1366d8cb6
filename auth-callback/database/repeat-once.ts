import { isConnectionLost } from './lost-connection.ts';

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
