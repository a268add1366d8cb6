/**
 * `npm run grant:report -- --organization nhf --base-year 2025`: counts the members for a grant, as a draft, and prints it. Two coordinators freeze
 * it at the desk; `--snapshot ID` prints one again, the same bytes each time. `--list FILE.csv` writes the auditor's list, `--sample N` draws members
 * for the auditor. No personnummer takes part in any of it.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { refuseMissingErasures } from '../runtime/erasure-ledger.ts';
import { endWithCode, withDatabase } from './command.ts';
import { readConfig } from './config.ts';
import type { WorkerDatabase } from './database.ts';
import type { GrantReport, GrantRow } from './database-rows.ts';
import { grantCsv, grantText } from './grant-text.ts';

const usage = `grant:report: --organization <slug> (--base-year <year> [--rule <code>] [--corrects <snapshot>] | --snapshot <id>)
  [--list FILE.csv] [--not-counted FILE.csv] [--sample <n> [--seed <word>]] [--for-others] [--json]`;
const page = 5_000;

await endWithCode('grant:report', async () => {
  const { values } = parseArgs({
    options: {
      organization: { type: 'string' },
      'base-year': { type: 'string' },
      rule: { type: 'string', default: 'bufdir-disability' },
      corrects: { type: 'string' },
      snapshot: { type: 'string' },
      list: { type: 'string' },
      'not-counted': { type: 'string' },
      sample: { type: 'string' },
      seed: { type: 'string', default: '' },
      'for-others': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const { organization, snapshot, rule, corrects, seed } = values;
  const baseYear = Number(values['base-year'] ?? Number.NaN);
  const size = Number(values.sample ?? 0);
  const isWhole = (number: number) => Number.isInteger(number) && number >= 0 && number <= 9_999;
  const isClear = (snapshot === undefined) !== (values['base-year'] === undefined);
  if (organization === undefined || !isClear || !isWhole(size) || (snapshot === undefined && !isWhole(baseYear))) {
    console.error(usage);
    return false;
  }
  const config = readConfig();
  return withDatabase(config, async (database) => {
    await refuseMissingErasures(config.erasureLedger, config.deployment, database.missingErasures);
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
