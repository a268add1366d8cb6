import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startBenchCluster } from '../bench/cluster.ts';
import { goals } from './estimate.ts';
import { writeReport } from './report.ts';
import { measureLinkage, type Options } from './run.ts';

/**
 * `npm run linkage [-- --members 1000000 --logins 100000 --seed 1]`: how often a login is taken for somebody else, missed, or asked
 * about, by our rules and by what others do, among invented people. `--rules FILE.sql` tries other rules first: the file replaces
 * functions in the database that the run makes for itself. Such a run writes its page to a folder that is not kept.
 */
async function main(): Promise<void> {
  const { options, rules } = readArguments();
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  const say = (line: string) => console.log(`${seconds().toFixed(0).padStart(4)} s  ${line}`);
  // Speed is not measured here, and nothing outlives the run: nothing has to reach the disk.
  await using cluster = await startBenchCluster({ fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' });
  if (rules !== undefined) await cluster.pool.query(readFileSync(rules, 'utf8'));
  const result = await measureLinkage({ pool: cluster.pool, url: cluster.urls.auth_callback, say }, options);
  console.table(result.scores);
  for (const { what, wanted, measured, met } of goals(result))
    console.log(`${met ? 'met' : 'NOT'}  ${what}: ${measured} (${wanted})`);
  for (const path of writeReport(result, { seconds: seconds(), kept: rules === undefined })) say(`written: ${path}`);
}

function readArguments(): { options: Options; rules: string | undefined } {
  const { values } = parseArgs({
    options: {
      members: { type: 'string', default: '1000000' },
      logins: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      rules: { type: 'string' },
    },
  });
  const number = (name: 'members' | 'logins' | 'seed') => {
    const value = Number(values[name]);
    if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} takes a whole number from 1`);
    return value;
  };
  return {
    options: { members: number('members'), logins: number('logins'), seed: number('seed') },
    rules: values.rules,
  };
}

await main();
