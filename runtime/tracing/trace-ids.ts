import { type IdGenerator, RandomIdGenerator } from '@opentelemetry/sdk-trace';

/**
 * Random ids, of which none looks as if it held a personnummer: each begins with a letter and has fewer than eleven digits in a row. One of thirty
 * would otherwise be taken for one by whoever searches logs and tables for numbers.
 */
export function createTraceIds(random: IdGenerator = new RandomIdGenerator()): IdGenerator {
  return {
    generateTraceId: () => unlikeNumbers(() => random.generateTraceId()),
    generateSpanId: () => unlikeNumbers(() => random.generateSpanId()),
  };
}

function unlikeNumbers(next: () => string): string {
  for (;;) {
    const id = next();
    if (/^[a-f]/.test(id) && !/[0-9]{11}/.test(id)) return id;
  }
}
