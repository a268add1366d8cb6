import type pg from 'pg';
import { explainFailure, sqlStateOf } from './database-failure.ts';
import type { JudgedBatch } from './judge-batch.ts';

export type Run = {
  run_id: string;
  organization_id: string;
  /** Whether the organisation has recorded a legal basis for numbers. */
  capture: boolean;
  /** Records of the file, the header not counted, that an earlier start has done. */
  records_done: number;
  /** Whether the file has been compared with the last import, or there is nothing to compare it with. */
  is_compared: boolean;
  /** Whether there is an import to compare it with. */
  has_basis: boolean;
};

/** What a file looks like, for the comparison with the next one: no value of it. Null: not looked at. */
export type FileLooks = {
  rows: number;
  rejected: number | null;
  columns: Record<string, { kinds: Record<string, number>; had?: number; changed?: number }>;
};

/** Shares in percent. */
export type Difference = { difference: string; column_name: string | null; before: number | null; now: number };

export type Counts = {
  records_done: number;
  added: number;
  updated: number;
  unchanged: number;
  duplicates: number;
  conflicts: number;
  rejected: number;
};

/** The functions of schema `import`: all that the role `member_importer` may do. Each throws {@link ImportError}. */
export type ImportDatabase = {
  /** Which of these erasures the database does not know; beside each stands its organisation (slug). */
  missingErasures(erasureIds: string[], organizations: string[]): Promise<string[]>;
  startRun(run: {
    organization: string;
    fingerprint: string;
    columns: string[];
    dryRun: boolean;
    readmit: boolean;
  }): Promise<Run>;
  /** For each column, how many members of a batch have a value there, and how many would get another one. */
  compareRows(runId: string, batch: JudgedBatch): Promise<{ column_name: string; had: number; changed: number }[]>;
  /** @param isAccepted a person has looked at the differences */
  acceptFile(runId: string, looks: FileLooks, isPartial: boolean, isAccepted: boolean): Promise<Difference[]>;
  /** @param first records of the file before this batch */
  loadRows(runId: string, first: number, records: number, batch: JudgedBatch): Promise<Counts>;
  rejections(runId: string, afterLine: number, most: number): Promise<{ line: number; reasons: string[] }[]>;
  absentMembers(runId: string, afterExternalId: string, most: number): Promise<string[]>;
  finishRun(runId: string): Promise<Counts>;
};

/** Deadlock, serialization failure, lock timeout: a login was in the way, and the batch can simply be sent again. */
const passing = new Set(['40P01', '40001', '55P03']);
const mostTries = 5;

/** Calls the functions with bound parameters. */
export function createImportDatabase(client: Pick<pg.ClientBase, 'query'>): ImportDatabase {
  async function rows<Row extends pg.QueryResultRow>(text: string, values: unknown[], tries = 1): Promise<Row[]> {
    try {
      return (await client.query<Row>({ name: text, text, values })).rows;
    } catch (cause) {
      if (tries < mostTries && passing.has(sqlStateOf(cause) ?? '')) return rows(text, values, tries + 1);
      throw explainFailure(cause, 'importing');
    }
  }
  return {
    async missingErasures(erasureIds, organizations) {
      const text = 'select unnest(import.missing_erasures($1::uuid[], $2::text[])) as id';
      return (await rows<{ id: string }>(text, [erasureIds, organizations])).map(({ id }) => id);
    },
    async startRun({ organization, fingerprint, columns, dryRun, readmit }) {
      const values = [organization, fingerprint, columns, dryRun, readmit];
      return (await rows<Run>('select * from import.start_run($1, $2, $3, $4, $5)', values))[0] as Run;
    },
    compareRows: (runId, { rows: members, rejections }) =>
      rows('select * from import.compare_rows($1, $2, $3)', [runId, members, rejections]),
    acceptFile: (runId, looks, isPartial, isAccepted) =>
      rows('select * from import.accept_file($1, $2, $3, $4)', [runId, JSON.stringify(looks), isPartial, isAccepted]),
    async loadRows(runId, first, records, batch) {
      const values = [runId, first, records, batch.rows, batch.rejections];
      return (await rows<Counts>('select * from import.load_rows($1, $2, $3, $4, $5)', values))[0] as Counts;
    },
    rejections: (runId, afterLine, most) =>
      rows('select * from import.rejections($1, $2, $3)', [runId, afterLine, most]),
    async absentMembers(runId, afterExternalId, most) {
      const text = 'select id from import.absent_members($1, $2, $3) as id';
      return (await rows<{ id: string }>(text, [runId, afterExternalId, most])).map(({ id }) => id);
    },
    async finishRun(runId) {
      return (await rows<Counts>('select * from import.finish_run($1)', [runId]))[0] as Counts;
    },
  };
}
