import { randomUUID } from 'node:crypto';
import type { Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import type { Doors } from '../doors/doors.ts';
import type { FileRow } from '../doors/rows.ts';
import { Failure } from '../failure.ts';
import { sealForReceiver } from '../member-system/receiver.ts';
import { type OpenNumberOptions, openNumber } from '../open-number.ts';

/** What the task needs. */
export interface WriteFilesOptions {
  readonly doors: Pick<Doors, 'claimFile' | 'finishFile' | 'failFile'>;
  readonly numbers: OpenNumberOptions;
  readonly log: Logger;
}

/** RFC 4180 section 2: what holds a comma, a quote or a line end is quoted. */
function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function line(row: FileRow, numbers: OpenNumberOptions): Promise<string> {
  if (row.external_id === null || row.external_id === '') throw new Failure('external_id_missing');
  const number = await openNumber(row, numbers);
  return `${field(row.external_id)},${number?.reveal() ?? ''}\r\n`;
}

/** Splits changes into lines of the file and those that cannot be in it, with the reason. */
async function write(rows: readonly FileRow[], numbers: OpenNumberOptions) {
  const lines: string[] = [];
  const pushIds: string[] = [];
  const failed: { id: string; code: string }[] = [];
  for (const row of rows) {
    try {
      lines.push(await line(row, numbers));
      pushIds.push(row.push_id);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failed.push({ id: row.push_id, code: error.code });
    }
  }
  return { csv: `external_id,personnummer\r\n${lines.join('')}`, pushIds, failed };
}

/**
 * Creates the task `write_files`: for each organisation of kind `file` whose next file is due, one CSV (RFC 4180, UTF-8;
 * `external_id,personnummer`, an empty number is to be removed), sealed for the organisation's own key and kept in the
 * database until a coordinator acknowledges it. A file that cannot be written, because the row's key cannot be used, is
 * reported, becomes a case, and does not hold up the other organisations.
 */
export function createWriteFiles(options: WriteFilesOptions): Task {
  const { doors, log } = options;
  return async () => {
    for (;;) {
      const workerId = `files/${randomUUID()}`;
      const rows = await doors.claimFile(workerId);
      const [first] = rows;
      if (first === undefined) return;
      const { file_id: fileId, organization } = first;
      try {
        const { changes, failed } = await writeFile(first, rows, workerId, options);
        // Null: a change in it was cancelled or superseded meanwhile. The next claim writes the file anew.
        log.info({ fileId, organization, changes, failed }, changes === null ? 'file given up' : 'file written');
      } catch (error) {
        const failure = error instanceof Failure ? error : new Failure('unexpected_error', { cause: error });
        if (failure.code === 'database_failed') throw failure;
        await doors.failFile(fileId, workerId, failure.code);
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
  { doors, numbers }: WriteFilesOptions,
) {
  const { csv, pushIds, failed } = await write(rows, numbers);
  const changes = await doors.finishFile({
    file_id: first.file_id,
    worker_id: workerId,
    content: pushIds.length === 0 ? null : await sealForReceiver(first.receiver_key, csv),
    push_ids: pushIds,
    failed_ids: failed.map(({ id }) => id),
    failed_codes: failed.map(({ code }) => code),
  });
  return { changes, failed: failed.length };
}
