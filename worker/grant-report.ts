/**
 * `npm run grant:report -- --organization nhf --base-year 2025`: counts the members for a grant, as a draft, and prints it. Two coordinators freeze
 * it at the desk; `--snapshot ID` prints one again, the same bytes each time. `--list FILE.csv` writes the auditor's list, `--sample N` draws members
 * for the auditor. No personnummer takes part in any of it.
 */
import { writeFile } from 'node:fs/promises';
import { UsageError } from '../runtime/command-line.ts';
import { endWithCode, withServableDatabase } from './command.ts';
import { readConfig } from './config.ts';
import type { WorkerDatabase } from './database.ts';
import type { GrantReport, GrantRow } from './database-rows.ts';
import { grantCsv, grantText } from './grant-text.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const command = {
  name: 'grant:report',
  synopsis: '--organization SLUG (--base-year YEAR [--rule CODE] [--corrects ID] | --snapshot ID) [options]',
  about: `  --organization SLUG     whose members are counted, such as nhf
  --base-year YEAR        the year at whose end they are counted
  --rule CODE             the grant's rule; bufdir-disability by default
  --corrects ID           the frozen snapshot that this one corrects
  --snapshot ID           prints one that is there already
  --list FILE.csv         writes the auditor's list of those who are counted; the file must be new
  --not-counted FILE.csv  the same of those who are not, each with its reason
  --sample N              draws N of the counted for the auditor's own check
  --seed WORD             the same word draws the same sample
  --for-others            leaves out counts so small that they point at somebody
  --json                  prints JSON`,
  options: {
    ...{
      organization: text,
      'base-year': text,
      corrects: text,
      snapshot: text,
      list: text,
      'not-counted': text,
      sample: text,
    },
    ...{
      rule: { ...text, default: 'bufdir-disability' },
      seed: { ...text, default: '' },
      'for-others': flag,
      json: flag,
    },
  },
  required: ['organization'],
} as const;
const page = 5_000;

await endWithCode(command, async ({ values }) => {
  const { organization, snapshot, rule, corrects, seed } = values;
  const baseYear = Number(values['base-year'] ?? Number.NaN);
  const size = Number(values.sample ?? 0);
  const isWhole = (number: number) => Number.isInteger(number) && number >= 0 && number <= 9_999;
  if ((snapshot === undefined) === (values['base-year'] === undefined))
    throw new UsageError('either --base-year or --snapshot is needed');
  if (!isWhole(size) || (snapshot === undefined && !isWhole(baseYear)))
    throw new UsageError('--base-year and --sample are whole numbers');
  const config = readConfig();
  return withServableDatabase(config, async (database) => {
    const found =
      snapshot === undefined
        ? await database.makeGrantSnapshot({ organization, baseYear, rule, corrects: corrects ?? null })
        : await database.grantReport(organization, snapshot);
    if (typeof found === 'string') {
      console.error(`grant:report: ${found} (docs/error-codes.md)`);
      return false;
    }
    console.log(values.json ? JSON.stringify(found, null, 2) : grantText(found, { forOthers: values['for-others'] }));
    // Files are for the organisation's and its auditor's eyes, and none is written over.
    const write = async (path: string, what: 'counted' | 'not_counted') => {
      const rows = await everyRow(database, found, what);
      await writeFile(path, grantCsv(found, what, rows), { flag: 'wx', mode: 0o600 });
      console.log(`written to ${path}: ${rows.length} rows`);
    };
    if (values.list !== undefined) await write(values.list, 'counted');
    if (values['not-counted'] !== undefined) await write(values['not-counted'], 'not_counted');
    if (size > 0) {
      const rows = await database.grantRows(found, { what: 'sample', after: 0, most: size, seed });
      console.log(`Sample of ${rows.length}, seed "${seed}":`);
      console.log(grantCsv(found, 'counted', rows));
    }
    return true;
  });
});

async function everyRow(database: WorkerDatabase, report: GrantReport, what: 'counted' | 'not_counted') {
  const rows: GrantRow[] = [];
  for (;;) {
    const more = await database.grantRows(report, { what, after: rows.at(-1)?.nth ?? 0, most: page, seed: '' });
    rows.push(...more);
    if (more.length < page) return rows;
  }
}
