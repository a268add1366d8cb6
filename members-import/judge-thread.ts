import { parentPort, workerData } from 'node:worker_threads';
import { createJudge, type JudgeSettings } from './judge-batch.ts';
import type { CsvRecord } from './read-records.ts';

// One thread of `judge-pool.ts`: a batch comes in, the judged batch goes out, in the order they came.
const judge = createJudge(workerData as JudgeSettings);
parentPort?.on('message', async (records: CsvRecord[]) => parentPort?.postMessage(await judge(records)));
