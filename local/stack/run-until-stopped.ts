/**
 * Runs something made of several parts until SIGINT, SIGTERM or SIGHUP, then ends the parts, the last one first, and
 * exits with 0. Exits with 1, with the reason on standard error, when it does not start or is lost meanwhile. A second
 * signal exits at once.
 *
 * @param start adds its parts as it goes along, and answers only when it is lost, with the reason
 */
export async function runUntilStopped(start: (parts: AsyncDisposableStack) => Promise<string>): Promise<never> {
  const parts = new AsyncDisposableStack();
  const signal = firstSignal();
  const failure = start(parts).catch((error) => (error instanceof Error ? error.message : String(error)));
  const reason = await Promise.race([signal.then(() => undefined), failure]);
  if (reason !== undefined) console.error(`\n${reason}`);
  console.error('Stopping ...');
  await parts.disposeAsync();
  process.exit(reason === undefined ? 0 : 1);
}

function firstSignal(): Promise<NodeJS.Signals> {
  let seen = false;
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        if (seen) process.exit(1);
        seen = true;
        resolve(name);
      });
    }
  });
}
