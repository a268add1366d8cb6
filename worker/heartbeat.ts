import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../runtime/logger.ts';
import type { WorkerDatabase } from './database.ts';
import type { Gate } from './gate.ts';
import type { Leases } from './leases.ts';

/** What the heartbeat needs. */
export interface HeartbeatOptions {
  readonly database: Pick<WorkerDatabase, 'beat' | 'sweep' | 'beatInvoices' | 'sweepInvoices'>;
  readonly leases: Leases;
  readonly invoiceLeases: Leases;
  readonly gate: Gate;
  readonly log: Logger;
  /** Pause between two beats, in milliseconds; a lease lasts for several. */
  readonly everyMs: number;
}

/** The process's sign of life. */
export interface Heartbeat {
  /** From now on jobs are locked under this name. */
  beatAs(poolId: string): void;
  /** Beats now; what fails is logged, and the next beat is the remedy. */
  beat(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Tells the database every few seconds that this process lives and what it is sending, learns what it may not fetch, and has
 * the database take away from others what they left behind. Starts at once.
 */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { database, leases, invoiceLeases, gate, log, everyMs } = options;
  const stopping = new AbortController();
  let poolId: string | null = null;

  async function tell(name: string): Promise<void> {
    const at = performance.now();
    const pushes = leases.held();
    const invoices = invoiceLeases.held();
    const ofPushes = await database.beat(name, pushes.ids, pushes.fencingTokens);
    leases.renewed(at, ofPushes.lost);
    const ofInvoices = await database.beatInvoices(invoices.ids, invoices.fencingTokens);
    invoiceLeases.renewed(at, ofInvoices.lost);
    gate.close([...ofPushes.forbidden_flags, ...ofInvoices.forbidden_flags]);
    for (const { what, queued } of [...(await database.sweep()), ...(await database.sweepInvoices())])
      if (queued > 0) log.warn({ what, queued }, 'taken up again');
  }

  let underWay: Promise<void> | null = null;

  // Those who ask while one is under way share it: a member system in trouble must not become a storm on the database.
  const beat = async (): Promise<void> => {
    if (poolId === null) return;
    underWay ??= tell(poolId)
      .catch((err: unknown) => log.warn({ err }, 'heartbeat failed'))
      .finally(() => {
        underWay = null;
      });
    await underWay;
  };

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await beat();
      await pause(everyMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    }
  }

  const ended = loop();
  return {
    beatAs(id) {
      poolId = id;
      void beat();
    },
    beat,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}
