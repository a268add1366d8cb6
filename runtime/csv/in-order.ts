/**
 * Maps items several at a time and yields the results in the order of the items. Takes no more than `ahead` items in before
 * the first of them is done with, so memory does not grow with the source.
 */
export async function* mapInOrder<In, Out>(source: AsyncIterable<In>, ahead: number, map: (item: In) => Promise<Out>) {
  const underway: Promise<Out>[] = [];
  for await (const item of source) {
    const result = map(item);
    // Waited for below, in its turn; until then a failure is nobody's unhandled rejection.
    result.catch(() => undefined);
    underway.push(result);
    if (underway.length >= ahead) yield (await underway.shift()) as Out;
  }
  for (const result of underway) yield await result;
}

/** Groups items that come in portions, after those that are left out; the last group may be smaller. */
export async function* inBatches<T>(portions: AsyncIterable<T[]>, size: number, leaveOut = 0): AsyncGenerator<T[]> {
  let batch: T[] = [];
  let toLeaveOut = leaveOut;
  for await (const portion of portions) {
    const rest = portion.slice(toLeaveOut);
    toLeaveOut -= portion.length - rest.length;
    for (const item of rest) {
      batch.push(item);
      if (batch.length < size) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
