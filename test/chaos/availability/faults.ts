import { setTimeout as pause } from 'node:timers/promises';
import type { AvailableCluster } from './cluster.ts';
import type { DatabaseNode } from './node.ts';

/** What happens to a node. The first four happen to the one that leads. */
export type NodeFault =
  | 'primary dead'
  | 'primary frozen'
  | "primary's PostgreSQL dead"
  | 'primary cut off'
  | 'synchronous standby dead'
  | 'synchronous standby cut off';

/** In this order, again and again. */
export const order: readonly NodeFault[] = [
  'primary dead',
  'primary frozen',
  'primary cut off',
  "primary's PostgreSQL dead",
  'synchronous standby dead',
  'primary dead',
  'primary frozen',
  'primary cut off',
  'synchronous standby cut off',
];

/** Longer than Patroni's ttl: another node leads by then. */
const awayMs = 35_000;
/** Patroni's ttl less its safety margin: then the watchdog resets a machine on which Patroni has not run. */
const watchdogMs = 15_000;

/**
 * Does it, and what follows until the node is back.
 *
 * @param watchdog whether frozen machines are reset. Without it a primary that wakes up takes the lead back from the one that leads by
 *   then (Patroni 3.0.2 writes the leader's key without looking), and what that one has acknowledged is lost
 */
export async function inflict(fault: NodeFault, cluster: AvailableCluster, watchdog: boolean): Promise<void> {
  const node = await (fault.startsWith('primary') ? cluster.primary() : cluster.synchronousStandby());
  if (fault === "primary's PostgreSQL dead") return await node.killPostgres();
  const [begin, end] = phases(fault, node, watchdog);
  await begin();
  await pause(awayMs);
  await end();
}

type Step = () => Promise<void>;

function phases(fault: NodeFault, node: DatabaseNode, watchdog: boolean): [begin: Step, end: Step] {
  if (fault.endsWith('cut off')) return [node.site.cut, node.site.join];
  if (!fault.endsWith('frozen')) return [node.kill, node.start];
  if (!watchdog) return [node.freeze, node.thaw];
  const untilReset = async () => {
    await node.freeze();
    await pause(watchdogMs);
    await node.kill();
  };
  return [untilReset, node.start];
}
