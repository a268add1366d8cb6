import { randomUUID } from 'node:crypto';
import type { Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import type { FileRow } from '../door-rows.ts';
import type { Doors } from '../doors.ts';
import { Failure } from '../failure.ts';
import { sealForReceiver } from '../member-system/receiver.ts';
import { type OpenNumberOptions, openNumber } from '../open-number.ts';

/** What the task needs. */
export interface WriteFilesOptions {
  readonly doors: Pick<Doors, 'claimFile' | 'finishFile'>;
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
 * database until a coordinator acknowledges it.
 *
 * @returns the task; it throws `receiver_key_unusable` where a row's key cannot be used
 */
export function createWriteFiles({ doors, numbers, log }: WriteFilesOptions): Task {
  return async () => {
    for (;;) {
      const workerId = `files/${randomUUID()}`;
      const rows = await doors.claimFile(workerId);
      const [first] = rows;
      if (first === undefined) return;
      const { csv, pushIds, failed } = await write(rows, numbers);
      const changes = await doors.finishFile({
        file_id: first.file_id,
        worker_id: workerId,
        content: pushIds.length === 0 ? null : await sealForReceiver(first.receiver_key, csv),
        push_ids: pushIds,
        failed_ids: failed.map(({ id }) => id),
        failed_codes: failed.map(({ code }) => code),
      });
      log.info(
        { fileId: first.file_id, organization: first.organization, changes, failed: failed.length },
        'file written',
      );
    }
  };
}
