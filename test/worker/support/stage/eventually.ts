/** Asks again and again, and fails after 20 seconds naming what did not come. */
export async function eventually<T>(what: string, ask: () => Promise<T | false | undefined | null>): Promise<T> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline) {
    const answer = await ask();
    if (answer !== false && answer !== undefined && answer !== null) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`did not happen: ${what}`);
}
