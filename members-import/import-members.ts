import { ImportError } from '../runtime/csv/errors.ts';
import { inBatches, mapInOrder } from '../runtime/csv/in-order.ts';
import { inspectFile } from '../runtime/csv/inspect-file.ts';
import { type ProgressOptions, showProgress } from '../runtime/csv/progress.ts';
import { csvField, inPages, writeList } from '../runtime/csv/write-list.ts';
import type { Arguments } from './arguments.ts';
import { compareWithLastImport } from './compare-file.ts';
import type { ImportConfig } from './config.ts';
import type { ImportDatabase, Run } from './import-database.ts';
import { type JudgePool, startJudgePool } from './judge-pool.ts';
import { checkPlaces, listHeaders } from './list-places.ts';
import { readMembers } from './member-records.ts';
import { fingerprint, type OpenFile, openFile, recordsOf } from './open-file.ts';
import { plural, type Summary } from './summary.ts';

export type Surroundings = {
  config: Omit<ImportConfig, 'databaseUrl'>;
  database: ImportDatabase;
  /** Sentences for the person at the terminal. */
  say(line: string): void;
  /** Asks the person at the terminal; undefined where nobody is there. */
  ask?: ((question: string) => Promise<boolean>) | undefined;
  /** Where progress is shown. */
  terminal: ProgressOptions['stream'];
};

const BATCH = 500;
const PAGE = 1_000;

/**
 * Imports one file, from where an earlier start of the same import was killed.
 *
 * @throws {ImportError}
 */
export async function importMembers(options: Arguments, surroundings: Surroundings): Promise<Summary> {
  const { config, database, say } = surroundings;
  const begun = performance.now();
  const file = await openFile(options, say);
  await checkPlaces(options);
  const run = await database.startRun({
    organization: options.organization,
    fingerprint: fingerprint(file, options),
    columns: Object.keys(file.layout.positions).filter((name) => name !== 'external_id'),
    dryRun: options.dryRun,
    readmit: options.readmit,
  });
  if (options.dryRun) say('Dry run: nothing is changed.');
  if (run.records_done > 0) say(`An earlier start did ${plural(run.records_done, 'row')}; going on from there.`);
  if (!run.capture && file.layout.positions.personnummer !== undefined) {
    say('The organisation has recorded no legal basis for the personnummer: the numbers in the file are left out.');
  }
  await using pool = startJudgePool(
    {
      ...config,
      layout: file.layout,
      birthDate: file.mapping.birthDate,
      countryCode: file.mapping.countryCode,
      amounts: file.mapping.amounts,
      capture: run.capture,
      organizationId: run.organization_id,
      dropBadNumbers: options.dropBadNumbers,
    },
    config.threads,
  );
  if (!run.is_compared) await compareWithLastImport(file, run, pool, options, surroundings);
  await loadRecords(file, run, pool, surroundings);
  await listRejected(run, options, database);
  const absent = options.partial ? null : await listAbsent(run, options, database);
  const counts = await database.finishRun(run.run_id);
  return { ...counts, absent, survey: file.survey, seconds: (performance.now() - begun) / 1000 };
}

async function loadRecords(file: OpenFile, run: Run, pool: JudgePool, surroundings: Surroundings): Promise<void> {
  const { database, terminal } = surroundings;
  const { records, bytesRead } = recordsOf(file);
  const members = inBatches(readMembers(records, file, file.survey), BATCH, run.records_done);
  const batches = mapInOrder(members, 2 * pool.threads, async (batch) => {
    const bytes = bytesRead();
    return { bytes, records: batch.length, judged: await pool.judge(batch, 'load') };
  });
  const progress = showProgress({ stream: terminal, total: file.facts.size });
  let done = run.records_done;
  try {
    for await (const { bytes, records: inBatch, judged } of batches) {
      await database.loadRows(run.run_id, done, inBatch, judged);
      done += inBatch;
      progress.advance(bytes, done - run.records_done);
    }
  } finally {
    progress.stop();
  }
  if ((await inspectFile(file.path, file.mapping.encoding)).digest === file.facts.digest) return;
  throw new ImportError('file_changed', 'the file changed while it was read; start again');
}

async function listRejected(run: Run, options: Arguments, database: ImportDatabase): Promise<void> {
  const rejections = inPages<{ line: number; reasons: string[] }>((last) =>
    database.rejections(run.run_id, last?.line ?? 0, PAGE),
  );
  const lines = mapEach(rejections, ({ line, reasons }) => `${line},${reasons.join(' ')}`);
  await writeList(options.rejectedFile, listHeaders.rejected, lines);
}

async function listAbsent(run: Run, options: Arguments, database: ImportDatabase): Promise<number> {
  const absent = inPages<string>((last) => database.absentMembers(run.run_id, last ?? '', PAGE));
  return writeList(options.absentFile, listHeaders.absent, mapEach(absent, csvField));
}

async function* mapEach<In, Out>(source: AsyncIterable<In>, map: (item: In) => Out): AsyncGenerator<Out> {
  for await (const item of source) yield map(item);
}
