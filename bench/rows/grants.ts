import { writeGrantPopulation } from '../../test/support/grant-population.ts';
import type { Context } from '../context.ts';
import { finish, type Row } from '../row.ts';
import { spreadOf } from '../statistics.ts';
import { addBenchOrganization } from '../world.ts';

/** A register with known truth is counted for a grant, with numbers and without: how long, and whether the report finds the truth. */
export async function measureGrants({ cluster, size, say }: Context): Promise<Row[]> {
  const members = size.grantMembers;
  const counted: { seconds: number; members: number }[] = [];
  for (const numbers of [true, false]) {
    const organization = await addBenchOrganization(
      cluster.pool,
      numbers ? 'grants-with-numbers' : 'grants-without-numbers',
    );
    const truth = await writeGrantPopulation(cluster.pool, organization, { size: members, seed: 18, numbers });
    await cluster.pool.query('vacuum analyze');
    const { rows: slugs } = await cluster.pool.query('select slug from registry.organizations where id = $1', [
      organization.id,
    ]);
    const begun = performance.now();
    const { rows } = await cluster.pool.query(
      `select report from worker.make_grant_snapshot($1, 2025, 'bufdir-disability')`,
      [slugs[0].slug],
    );
    const seconds = (performance.now() - begun) / 1000;
    const { report } = rows[0];
    if (
      report.counted !== truth.counted ||
      report.records !== truth.records ||
      report.probable_duplicates !== truth.alike
    )
      throw new Error(`the report is not the truth: ${report.counted} of ${truth.counted}`);
    say(
      `  ${members} members ${numbers ? 'with' : 'without'} numbers: ${seconds.toFixed(1)} s, ${report.counted} count`,
    );
    counted.push({ seconds, members: report.counted });
  }
  const [withNumbers, without] = counted as [(typeof counted)[0], (typeof counted)[0]];
  return [
    finish({
      id: 'grant-report',
      what: `members counted for a grant: ${members}`,
      unit: 's',
      value: spreadOf(counted.map(({ seconds }) => seconds)),
      bar: size.name === 'full' ? { at: 'most', value: 120 } : null,
      sides: [
        { name: 'counted with numbers', unit: 'members', figure: spreadOf([withNumbers.members]) },
        { name: 'counted without numbers', unit: 'members', figure: spreadOf([without.members]) },
      ],
      note: 'The difference is the persons who have two records with one number: nobody knows it without numbers.',
    }),
  ];
}
