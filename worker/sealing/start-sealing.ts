import { setTimeout as pause } from 'node:timers/promises';
import type { Signer } from '../../audit-seal/note.ts';
import type { Logger } from '../../runtime/logger.ts';
import { openCheckpointFile } from './checkpoint-file.ts';
import type { SealingDatabase } from './database.ts';
import { SealingRefused, sealRound } from './seal-round.ts';

/** What sealing needs. */
export interface SealingOptions {
  readonly database: SealingDatabase;
  readonly signers: readonly [Signer, ...Signer[]];
  /** Where checkpoints are kept outside the database; null: nowhere but in this process. */
  readonly checkpointFile: string | null;
  readonly log: Logger;
  /** Pause between two rounds, in milliseconds. */
  readonly everyMs: number;
}

export interface Sealing {
  stop(): Promise<void>;
}

// Some tens of milliseconds of the database's time.
const batch = 1_000;
const alarmAfterSeconds = 60;
const alarmEveryMs = 60_000;

/**
 * Seals the audit every few seconds, in every worker: whichever comes first does it, and the others find nothing left. No job of the
 * queue, so that sealing goes on when the queue does not.
 */
export function startSealing({ database, signers, checkpointFile, log, everyMs }: SealingOptions): Sealing {
  const stopping = new AbortController();
  const { signal } = stopping;
  const wait = (ms: number) => pause(ms, undefined, { signal, ref: false }).catch(() => undefined);
  let alarmedAt = Number.NEGATIVE_INFINITY;

  // At most half of the time, also when a day's events wait.
  async function rest(tookMs: number): Promise<void> {
    await wait(tookMs);
    signal.throwIfAborted();
  }

  async function watch(): Promise<void> {
    if (performance.now() - alarmedAt < alarmEveryMs) return;
    const { oldest_unsealed_seconds: seconds, held_by } = await database.metrics();
    if (seconds <= alarmAfterSeconds) return;
    alarmedAt = performance.now();
    log.error(
      { code: 'audit_unsealed', seconds: Math.round(seconds), held_by },
      'events of the audit wait to be sealed',
    );
  }

  let file: Awaited<ReturnType<typeof openCheckpointFile>> | undefined;
  let refused: string | undefined;

  async function round(): Promise<void> {
    file ??= await openCheckpointFile(checkpointFile);
    const sealed = await sealRound({ database, signers, file, batch, rest });
    refused = undefined;
    if (sealed > 0) log.debug({ sealed }, 'events sealed');
  }

  function tell(error: unknown): void {
    if (signal.aborted) return;
    if (!(error instanceof SealingRefused)) {
      log.warn({ err: error }, 'sealing failed, and is tried again');
      return;
    }
    // It stays so until somebody looks: once is enough, the alarm about waiting events goes on.
    if (error.code !== refused)
      log.error({ code: error.code }, 'the audit is not sealed: docs/auditing.md says what to do');
    refused = error.code;
  }

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      await round().then(watch).catch(tell);
      if (refused !== undefined) await watch().catch(tell);
      await wait(everyMs);
    }
  }

  const ended = loop();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}
