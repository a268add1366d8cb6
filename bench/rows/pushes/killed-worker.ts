import type { Context } from '../../context.ts';
import type { BenchKeys } from '../../keys.ts';
import type { Row } from '../../row.ts';
import type { Sink } from '../../sink.ts';
import { single } from '../decisions.ts';
import { type Site, startWorker } from './site.ts';

/** Row 9. */
export async function measureKilledWorker(context: Context, site: Site, keys: BenchKeys, sink: Sink): Promise<Row> {
  const before = sink.seen.length;
  sink.hang = true;
  await site.pool.query('select private.queue_push(id) from registry.members where organization_id = $1 limit 1', [
    site.organization.id,
  ]);
  const first = startWorker(context, site, keys);
  await sink.reached(before + 1);
  await first.kill();
  const killedAt = performance.now();
  sink.hang = false;
  const second = startWorker(context, site, keys);
  await sink.reached(before + 2);
  await second.stop();
  const [one, two] = sink.seen.slice(before);
  if (one?.key !== two?.key) throw new Error('the second request has another idempotency key');
  return single({
    id: 'killed-worker',
    what: "killed worker's push taken up again",
    unit: 's',
    values: [((two?.at ?? 0) - killedAt) / 1000],
    bar: { at: 'most', value: 30 },
    sides: [],
    note: 'Killed with SIGKILL while the member system holds its request; another worker is started at once and sends the same push with the same idempotency key.',
  });
}
