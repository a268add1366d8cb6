import { ImportError } from '../runtime/csv/errors.ts';
import { inBatches, mapInOrder } from '../runtime/csv/in-order.ts';
import type { Arguments } from './arguments.ts';
import type { Difference, FileLooks, ImportDatabase, Run } from './import-database.ts';
import type { JudgePool } from './judge-pool.ts';
import { readMembers } from './member-records.ts';
import { type OpenFile, recordsOf } from './open-file.ts';

const BATCH = 1_000;

/**
 * Holds a file against the last import of its organisation before anything of it is written: an export with another column for
 * the id, with ids that lost their zeros, or with half the members looks like any other row by row. What is too different
 * is in the database (`private.import_differences`); here it is asked about.
 *
 * @throws {ImportError} `file_looks_different`, unless a person accepts it; a dry run only says it
 */
export async function compareWithLastImport(
  file: OpenFile,
  run: Run,
  pool: JudgePool,
  options: Arguments,
  {
    database,
    say,
    ask,
  }: { database: ImportDatabase; say(line: string): void; ask?: ((question: string) => Promise<boolean>) | undefined },
): Promise<void> {
  const looks = await look(file, run, pool, database);
  const accept = (isAccepted: boolean) => database.acceptFile(run.run_id, looks, options.partial, isAccepted);
  const differences = await accept(options.acceptDifferences);
  if (differences.length === 0) return;
  say('The file looks different from the last import:');
  for (const each of differences) say(`  ${describe(each)}`);
  if (options.acceptDifferences) return;
  if (options.dryRun) say('An import would stop here and ask.');
  if (options.dryRun || (await ask?.('Import it all the same?'))) {
    await accept(true);
    return;
  }
  const what = differences.map(describe).join('; ');
  throw new ImportError(
    'file_looks_different',
    `nothing was imported, because the file looks different from the last one: ${what}. If somebody has looked at it and it is ` +
      'right, start again with --accept-differences',
  );
}

/** Without an earlier import the file is only what the next one is compared with. */
async function look(
  { survey, ...file }: OpenFile,
  run: Run,
  pool: JudgePool,
  database: ImportDatabase,
): Promise<FileLooks> {
  const columns: FileLooks['columns'] = {};
  for (const [name, kinds] of Object.entries(survey.kinds)) columns[name] = { kinds };
  if (!run.has_basis) return { rows: survey.records, rejected: null, columns };
  let rejected = 0;
  const batches = inBatches(readMembers(recordsOf(file).records, file, survey), BATCH);
  for await (const judged of mapInOrder(batches, 2 * pool.threads, (batch) => pool.judge(batch, 'compare'))) {
    rejected += judged.rejected;
    for (const { column_name, had, changed } of await database.compareRows(run.run_id, judged)) {
      const column = columns[column_name];
      if (column === undefined) continue;
      column.had = (column.had ?? 0) + had;
      column.changed = (column.changed ?? 0) + changed;
    }
  }
  return { rows: survey.records, rejected, columns };
}

function describe({ difference, column_name, before, now }: Difference): string {
  switch (difference) {
    case 'column_looks_different':
      return `column ${column_name}: ${now} % of the values have another form`;
    case 'column_changed':
      return `column ${column_name}: ${now} % of the members would get another value`;
    case 'many_rejected':
      return `${now} % of the rows would be rejected, ${before} % the last time`;
    case 'members_absent':
      return `${now} % of the members are not in the file (--partial says that it does not hold all of them)`;
    default:
      return difference;
  }
}
