import { parseSigners, parseVerifierKey } from '../../../audit-seal/note.ts';
import { verifyTestAudit } from '../../support/sealing.ts';
import { until } from '../../support/until.ts';
import { checkAll, type Invariant } from '../invariants.ts';
import { asFigures } from '../load/tally.ts';
import { startLoad } from '../load.ts';
import { createChance } from '../random.ts';
import { settle } from '../settle.ts';
import { type AnyWorld, createWorld } from '../world.ts';
import { startCluster } from './cluster.ts';
import { inflict, type NodeFault, order } from './faults.ts';

export interface AvailabilityOptions {
  readonly seed: number;
  /** How many faults, one after the other. */
  readonly faults: number;
  /** Whether machines that stand still are reset. */
  readonly watchdog: boolean;
  /** Folder for the programs' logs, which stay. */
  readonly logs: string;
  report(line: string): void;
}

export interface Pause {
  readonly fault: NodeFault;
  /** The longest time without an acknowledged login, from the fault until the cluster was whole again. */
  readonly seconds: number;
}

export interface AvailabilityReport {
  readonly seed: number;
  readonly pauses: readonly Pause[];
  readonly figures: Readonly<Record<string, string | number>>;
  readonly invariants: readonly Invariant[];
}

/** Nodes of a cluster are killed, frozen and cut off while people log in; then it is looked whether anything that was promised is lost. */
export async function runAvailability(options: AvailabilityOptions): Promise<AvailabilityReport> {
  const { seed, logs, report } = options;
  const chance = createChance(seed);
  await using parts = new AsyncDisposableStack();
  report('starting three nodes');
  const cluster = await startCluster(logs, parts);
  const startServer = () => Promise.resolve(cluster);
  const world = await createWorld({ chance, logs, pooled: false, startServer }, parts);
  const load = startLoad(world, chance);
  await until('twenty logins', () => load.acknowledged.size > 20);
  const pauses: Pause[] = [];
  for (let at = 0; at < options.faults; at += 1) {
    const fault = order[at % order.length] as NodeFault;
    const begun = performance.now();
    await inflict(fault, cluster, options.watchdog);
    await cluster.untilWhole();
    const before = load.acknowledged.size;
    await until('ten more logins', () => load.acknowledged.size > before + 10, 120_000);
    const seconds = load.longestPauseSince(begun) / 1_000;
    pauses.push({ fault, seconds });
    report(`${at + 1}/${options.faults} ${fault}: ${seconds.toFixed(1)} s without a login`);
  }
  await load.stop();

  report('coming to rest');
  await world.admin('select worker.reconcile()');
  await settle(world, 150_000);
  const invariants = [...(await checkAll(world, load)), await checkAudit(world)];
  const figures = {
    'observations acknowledged': load.acknowledged.size,
    'logins over HTTP': load.logins(),
    'calls that failed': load.unanswered(),
    ...asFigures('of them', load.reasons),
    'slowest login over HTTP': `${(load.slowestMs() / 1_000).toFixed(1)} s`,
    'requests at member systems': world.memberSystems.requests(),
  };
  return { seed, pauses, figures, invariants };
}

async function checkAudit({ urlFor, keys }: AnyWorld): Promise<Invariant> {
  const verifiers = parseSigners(keys.AUDIT_SEALING_KEY).signers.flatMap(
    ({ verifierKey }) => parseVerifierKey(verifierKey) ?? [],
  );
  const { findings, sealed } = await verifyTestAudit(urlFor('auditor_login'), { verifiers });
  return { what: 'the audit verifies', looked: sealed, broken: findings.map(({ says }) => says) };
}
