import { randomUUID } from 'node:crypto';
import { stringify } from 'csv-stringify/sync';
import type { Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import type { WorkerDatabase } from '../database.ts';
import type { FileRow } from '../database-rows.ts';
import { Failure } from '../failure.ts';
import { type OpenNumberOptions, openNumber, sealForReceiver } from '../sealed-numbers.ts';

/** What the task needs. */
export interface WriteFilesOptions {
  readonly database: Pick<WorkerDatabase, 'claimFile' | 'finishFile' | 'failFile'>;
  readonly numbers: OpenNumberOptions;
  readonly log: Logger;
}

/** What one change says in the file: the member, and the number; an empty one is to be removed. */
async function record(row: FileRow, numbers: OpenNumberOptions): Promise<[externalId: string, number: string]> {
  if (row.external_id === null || row.external_id === '') throw new Failure('external_id_missing');
  return [row.external_id, (await openNumber(row, numbers))?.reveal() ?? ''];
}

/** Splits changes into records of the file and those that cannot be in it, with the reason. */
async function write(rows: readonly FileRow[], numbers: OpenNumberOptions) {
  const records: string[][] = [];
  const pushIds: string[] = [];
  const failed: { id: string; code: string }[] = [];
  for (const row of rows) {
    try {
      records.push(await record(row, numbers));
      pushIds.push(row.push_id);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failed.push({ id: row.push_id, code: error.code });
    }
  }
  const csv = stringify(records, {
    header: true,
    columns: ['external_id', 'personnummer'],
    record_delimiter: 'windows',
    // Readers take each of them for the end of a record.
    quote_record_delimiter: true,
  });
  return { csv, pushIds, failed };
}

/**
 * Creates the task `write_files`: for each organisation of kind `file` whose next file is due, one CSV (RFC 4180, UTF-8;
 * `external_id,personnummer`, an empty number is to be removed), sealed for the organisation's own key and kept in the
 * database until a coordinator acknowledges it. A file that cannot be written, because the row's key cannot be used, is
 * reported, becomes a case, and keeps no other organisation waiting.
 */
export function createWriteFiles(options: WriteFilesOptions): Task {
  const { database, log } = options;
  return async () => {
    for (;;) {
      const workerId = `files/${randomUUID()}`;
      const rows = await database.claimFile(workerId);
      const [first] = rows;
      if (first === undefined) return;
      const { file_id: fileId, organization } = first;
      try {
        const { changes, failed } = await writeFile(first, rows, workerId, options);
        // Null: a change in it was cancelled or superseded meanwhile. The next claim writes the file anew.
        log.info({ fileId, organization, changes, failed }, changes === null ? 'file given up' : 'file written');
      } catch (error) {
        const failure = error instanceof Failure ? error : new Failure('unexpected_error', { cause: error });
        if (failure.isOfDatabase) throw failure;
        await database.failFile(fileId, workerId, failure.code);
        log.warn({ fileId, organization, errorCode: failure.code, err: failure.cause }, 'file not written');
      }
    }
  };
}

/** Writes one file, and hands it over. */
async function writeFile(
  first: FileRow,
  rows: readonly FileRow[],
  workerId: string,
  { database, numbers }: WriteFilesOptions,
) {
  const { csv, pushIds, failed } = await write(rows, numbers);
  const changes = await database.finishFile({
    file_id: first.file_id,
    worker_id: workerId,
    content: pushIds.length === 0 ? null : await sealForReceiver(first.receiver_key, csv),
    push_ids: pushIds,
    failed_ids: failed.map(({ id }) => id),
    failed_codes: failed.map(({ code }) => code),
  });
  return { changes, failed: failed.length };
}
