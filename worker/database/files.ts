import { z } from 'zod';
import { type FileResult, type FileRow, fileRow } from '../database-rows.ts';
import type { FailureCode } from '../failure.ts';
import type { Call } from './call.ts';

/** Files of changes, for organisations that fetch them. */
export interface FileCalls {
  /** @returns the changes for one new file; none when no file is due */
  claimFile(workerId: string): Promise<FileRow[]>;
  /** @returns how many changes the file carries; null when it was given up, because one of them is not to be sent any more */
  finishFile(result: FileResult): Promise<number | null>;
  /** Says that a file could not be written at all, and why. */
  failFile(fileId: string, workerId: string, code: FailureCode): Promise<void>;
}

const finishFile = `select worker.finish_file(file_id => $1::uuid, worker_id => $2::text, content => $3::text,
  push_ids => $4::uuid[], failed_ids => $5::uuid[], failed_codes => $6::text[]) as changes`;
const failFile = 'select worker.fail_file(file_id => $1::uuid, worker_id => $2::text, error_code => $3::text)';

export function createFileCalls(call: Call): FileCalls {
  return {
    claimFile: (workerId) => call(fileRow, 'select * from worker.claim_file(worker_id => $1::text)', [workerId]),
    async finishFile({ file_id, worker_id, content, push_ids, failed_ids, failed_codes }) {
      const values = [file_id, worker_id, content, push_ids, failed_ids, failed_codes];
      return (await call(z.object({ changes: z.number().nullable() }), finishFile, values))[0]?.changes ?? null;
    },
    async failFile(fileId, workerId, code) {
      await call(z.unknown(), failFile, [fileId, workerId, code]);
    },
  };
}
