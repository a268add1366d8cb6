import type { Context } from './context.ts';
import { type Limits, watchLimits } from './limits.ts';
import { type Clients, connectClients, type Load, type Measured } from './load.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** One thing that is measured: ours, the baseline it is compared with, or another peer. */
export type Side = { name: string; load: Load };

export type ComparedSide = { name: string; figure: Spread; limits: Limits };

export type Comparison = {
  ours: ComparedSide;
  baseline: ComparedSide;
  peers: ComparedSide[];
  /** Ours over baseline, round by round. */
  ratio: Spread;
};

/**
 * Measures sides in turn, round after round, so that what else happens on the machine meets all of them. The order turns
 * with every round.
 *
 * @param figure what is taken from a round; by default operations a second
 */
export async function compare(
  context: Context,
  sides: { ours: Side; baseline: Side; peers?: Side[] },
  figure: (measured: Measured) => number = ({ perSecond }) => perSecond,
): Promise<Comparison> {
  const all = [sides.baseline, sides.ours, ...(sides.peers ?? [])];
  await using stack = new AsyncDisposableStack();
  const clients = new Map<Side, Clients>();
  for (const side of all) clients.set(side, stack.use(await connectClients(side.load)));
  for (const each of clients.values()) await each.run(context.size.warmUpSeconds);
  const rounds = new Map<Side, number[]>(all.map((side) => [side, []]));
  const limits = new Map<Side, Limits>();
  for (let round = 0; round < context.size.rounds; round += 1) {
    for (const side of round % 2 === 0 ? all : all.toReversed()) {
      const watch = await watchLimits(context.cluster);
      const measured = await (clients.get(side) as Clients).run(context.size.roundSeconds);
      limits.set(side, await watch.stop(measured.latencies.length));
      rounds.get(side)?.push(figure(measured));
    }
  }
  const of = (side: Side): ComparedSide => ({
    name: side.name,
    figure: spreadOf(rounds.get(side) as number[]),
    limits: limits.get(side) as Limits,
  });
  const [ours, baseline] = [of(sides.ours), of(sides.baseline)];
  const ratio = spreadOf(ours.figure.rounds.map((value, at) => value / (baseline.figure.rounds[at] as number)));
  return { ours, baseline, peers: (sides.peers ?? []).map(of), ratio };
}
