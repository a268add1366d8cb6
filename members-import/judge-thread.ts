import { parentPort, workerData } from 'node:worker_threads';
import { createJudge, type JudgeSettings } from './judge-batch.ts';
import type { MemberRecord } from './member-records.ts';

// One thread of `judge-pool.ts`: a batch comes in, the judged batch goes out, in the order they came.
const judge = createJudge(workerData as JudgeSettings);
parentPort?.on('message', async ({ records, purpose }: { records: MemberRecord[]; purpose: 'load' | 'compare' }) =>
  parentPort?.postMessage(await judge(records, purpose)),
);
