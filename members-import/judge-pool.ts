import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createJudge, type JudgeBatch, type JudgedBatch, type JudgeSettings } from './judge-batch.ts';

export type JudgePool = { judge: JudgeBatch; threads: number; [Symbol.asyncDispose](): Promise<void> };

// A batch is half a megabyte. Without limits each thread lets garbage grow to what a whole process may have.
const resourceLimits = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 64 };

type Thread = { worker: Worker; waiting: PromiseWithResolvers<JudgedBatch>[] };

/**
 * Threads that judge batches, because sealing a million numbers is most of the work of an import. One is the program's own: another
 * beside it would take longer to start than a small file takes.
 */
export function startJudgePool(settings: JudgeSettings, threads: number): JudgePool {
  if (threads === 1) return { threads, judge: createJudge(settings), [Symbol.asyncDispose]: async () => undefined };
  const pool = Array.from({ length: threads }, () => startThread(settings));
  return {
    threads,
    judge(records, purpose) {
      const thread = pool.reduce((best, other) => (other.waiting.length < best.waiting.length ? other : best));
      const answer = Promise.withResolvers<JudgedBatch>();
      thread.waiting.push(answer);
      thread.worker.postMessage({ records, purpose });
      return answer.promise;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(pool.map(({ worker }) => worker.terminate()));
    },
  };
}

function startThread(settings: JudgeSettings): Thread {
  const worker = new Worker(new URL('./judge-thread.ts', import.meta.url), { workerData: settings, resourceLimits });
  const waiting: PromiseWithResolvers<JudgedBatch>[] = [];
  worker.on('message', (judged: JudgedBatch) => waiting.shift()?.resolve(judged));
  // Nothing a row says can end a thread; a fault of ours must not leave the import waiting for ever.
  void once(worker, 'exit').then(undefined, (error: unknown) => {
    for (const each of waiting.splice(0)) each.reject(error);
  });
  return { worker, waiting };
}
