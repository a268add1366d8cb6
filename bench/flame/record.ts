import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchCluster } from '../cluster.ts';
import { connectClients, type Load } from '../load.ts';
import { type Frame, foldStacks } from './fold.ts';

const SECONDS = 4;

/**
 * Samples where the server's sessions spend their CPU while the load runs.
 *
 * @returns the root of all sampled call stacks
 * @throws when `perf` is missing (Debian: linux-perf), or may not look at other processes
 */
export async function recordFlames(cluster: BenchCluster, load: Load): Promise<Frame> {
  await using clients = await connectClients(load);
  await clients.run(1);
  const file = join(cluster.folder, 'perf.data');
  const words = ['record', '-q', '-F', '499', '--call-graph', 'dwarf,32768', '-o', file, '-p', clients.pids.join(',')];
  const perf = spawn('perf', words, { stdio: 'ignore' });
  await once(perf, 'spawn');
  const ended = once(perf, 'exit');
  await clients.run(SECONDS);
  perf.kill('SIGINT');
  await ended;
  const script = ['script', '-i', file, '--no-inline', '-F', 'comm,ip,sym,dso'];
  const { stdout } = await promisify(execFile)('perf', script, { maxBuffer: 2 ** 30 });
  const root = foldStacks(stdout);
  if (root.samples === 0)
    throw new Error('perf took no samples; may it look at other processes (perf_event_paranoid)?');
  return root;
}
