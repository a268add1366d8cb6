import { createHash } from 'node:crypto';
import type { Arguments } from './arguments.ts';
import type { ImportConfig } from './config.ts';
import type { Counts, Doors, Run } from './doors.ts';
import { ImportError } from './errors.ts';
import { inBatches, mapInOrder } from './in-order.ts';
import { type FileFacts, inspectFile } from './inspect-file.ts';
import { startJudgePool } from './judge-pool.ts';
import { findColumns, type Layout, type Mapping, readMapping } from './mapping.ts';
import { type ProgressOptions, showProgress } from './progress.ts';
import { type CsvRecord, detectDelimiter, readRecords } from './read-records.ts';
import { csvField, inPages, writeList } from './write-list.ts';

export type Surroundings = {
  config: Omit<ImportConfig, 'databaseUrl'>;
  doors: Doors;
  /** Sentences for the person at the terminal. */
  say(line: string): void;
  /** Where progress is shown. */
  terminal: ProgressOptions['stream'];
};

export type Summary = Counts & {
  /** Members that the file does not have; null where it was not looked for them. */
  absent: number | null;
  seconds: number;
};

const BATCH = 500;
const PAGE = 1_000;

/** What is known of a file before its first record. */
type OpenFile = { path: string; facts: FileFacts; delimiter: string; layout: Layout; mapping: Mapping };

/**
 * Imports one file, from where an earlier start of the same import was killed.
 *
 * @throws {ImportError}
 */
export async function importMembers(options: Arguments, surroundings: Surroundings): Promise<Summary> {
  const { doors, say } = surroundings;
  const begun = performance.now();
  const file = await openFile(options, say);
  const run = await doors.startRun({
    organization: options.organization,
    fingerprint: fingerprint(file, options),
    columns: Object.keys(file.layout.positions).filter((name) => name !== 'external_id'),
    dryRun: options.dryRun,
  });
  if (options.dryRun) say('Dry run: nothing is changed.');
  if (run.records_done > 0) say(`An earlier start did ${run.records_done} rows; going on from there.`);
  if (!run.capture && file.layout.positions.personnummer !== undefined) {
    say('The organisation has recorded no legal basis for the personnummer: the numbers in the file are left out.');
  }
  await loadRecords(file, run, options, surroundings);
  const rejections = inPages<{ line: number; reasons: string[] }>((last) =>
    doors.rejections(run.run_id, last?.line ?? 0, PAGE),
  );
  await writeList(
    options.rejectedFile,
    'line,reasons',
    mapEach(rejections, (each) => `${each.line},${each.reasons.join(' ')}`),
  );
  const absent = options.partial ? null : await listAbsent(run, options, doors);
  return { ...(await doors.finishRun(run.run_id)), absent, seconds: (performance.now() - begun) / 1000 };
}

async function openFile(options: Arguments, say: Surroundings['say']): Promise<OpenFile> {
  const mapping = await readMapping(options.mappingFile);
  const facts = await inspectFile(options.file);
  const delimiter = mapping.delimiter ?? (await detectDelimiter(options.file, facts.encoding));
  const names: Record<string, string> = { ';': 'semicolons', ',': 'commas', '\t': 'tabs', '|': 'bars' };
  const mark = facts.byteOrderMark ? ' with byte order mark' : '';
  const guess = facts.encoding === 'windows-1252' ? ' (it is not UTF-8)' : '';
  say(`The file is ${facts.encoding}${mark}${guess}, with ${names[delimiter]} between the fields.`);
  const { records } = readRecords(options.file, { encoding: facts.encoding, delimiter });
  for await (const { fields } of records) {
    return { path: options.file, facts, delimiter, layout: findColumns(fields, mapping), mapping };
  }
  throw new ImportError('header_unusable', 'the file is empty');
}

/** The same bytes read with the same settings are the same import, wherever the file lies. */
function fingerprint({ facts, delimiter, layout, mapping }: OpenFile, { dropBadNumbers }: Arguments): string {
  const settings = JSON.stringify([facts.digest, facts.encoding, delimiter, layout, mapping, dropBadNumbers]);
  return createHash('sha256').update(settings).digest('hex');
}

async function loadRecords(file: OpenFile, run: Run, options: Arguments, surroundings: Surroundings): Promise<void> {
  const { config, doors, terminal } = surroundings;
  const { records, bytesRead } = readRecords(file.path, { encoding: file.facts.encoding, delimiter: file.delimiter });
  await using pool = startJudgePool(
    {
      ...config,
      layout: file.layout,
      birthDate: file.mapping.birthDate,
      countryCode: file.mapping.countryCode,
      capture: run.capture,
      organizationId: run.organization_id,
      dropBadNumbers: options.dropBadNumbers,
    },
    config.threads,
  );
  const batches = mapInOrder(inBatches(skip(records, 1 + run.records_done), BATCH), 2 * pool.threads, async (batch) => {
    const bytes = bytesRead();
    const present = batch.filter(({ fields }) => fields.some((field) => field !== ''));
    return { bytes, records: batch.length, judged: await pool.judge(present) };
  });
  const progress = showProgress({ stream: terminal, total: file.facts.size });
  let done = run.records_done;
  try {
    for await (const { bytes, records: inBatch, judged } of batches) {
      await doors.loadRows(run.run_id, done, inBatch, judged);
      done += inBatch;
      progress.advance(bytes, done - run.records_done);
    }
  } finally {
    progress.stop();
  }
  if ((await inspectFile(file.path)).digest === file.facts.digest) return;
  throw new ImportError('file_changed', 'the file changed while it was read; start again');
}

async function listAbsent(run: Run, options: Arguments, doors: Doors): Promise<number> {
  const absent = inPages<string>((last) => doors.absentMembers(run.run_id, last ?? '', PAGE));
  return writeList(options.absentFile, 'external_id', mapEach(absent, csvField));
}

async function* mapEach<In, Out>(source: AsyncIterable<In>, map: (item: In) => Out): AsyncGenerator<Out> {
  for await (const item of source) yield map(item);
}

async function* skip(records: AsyncIterable<CsvRecord>, count: number): AsyncGenerator<CsvRecord> {
  let seen = 0;
  for await (const record of records) {
    seen += 1;
    if (seen > count) yield record;
  }
}
