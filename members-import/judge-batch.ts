import { createIndexer } from '../personnummer/blind-index.ts';
import type { IndexSecret, Jwk } from '../personnummer/keys.ts';
import { createSealer } from '../personnummer/seal.ts';
import { type JudgedRow, judgeRow, type Rejection, type RowRules } from './judge-row.ts';
import type { MemberRecord } from './member-records.ts';

export type JudgeSettings = RowRules & {
  organizationId: string;
  sealingKeys: Jwk[];
  indexSecrets: IndexSecret[];
  dropBadNumbers: boolean;
};

/** A batch as the database takes it: no number in clear. Both are JSON. */
export type JudgedBatch = { rows: string; rejections: string; rejected: number };

/** @param purpose `load`: with sealed numbers; `compare`: without any, which takes a tenth of the time */
export type JudgeBatch = (records: MemberRecord[], purpose: 'load' | 'compare') => Promise<JudgedBatch>;

/** Builds what validates, seals and indexes a batch. It runs in threads of its own, see `judge-thread.ts`. */
export function createJudge(settings: JudgeSettings): JudgeBatch {
  const sealer = createSealer(settings.sealingKeys);
  const indexer = createIndexer(settings.indexSecrets);

  async function toRow(line: number, row: JudgedRow, purpose: 'load' | 'compare') {
    const personnummer = purpose === 'load' ? row.personnummer : null;
    const [index, ...previous] = personnummer === null ? [] : indexer.indexes(personnummer, settings.organizationId);
    return {
      line,
      external_id: row.externalId,
      given_name: row.givenName,
      family_name: row.familyName,
      birth_date: row.birthDate,
      email: row.email,
      phone: row.phone,
      municipality: row.municipality,
      address: row.address,
      postal_code: row.postalCode,
      chapter: row.chapter,
      member_since: row.memberSince,
      member_until: row.memberUntil,
      dues_year: row.duesYear,
      dues_paid_on: row.duesPaidOn,
      dues_amount: row.duesAmount,
      ...(personnummer !== null && {
        personnummer_index: index,
        personnummer_index_previous: previous,
        personnummer_sealed: await sealer.seal(personnummer),
        personnummer_masked: personnummer.masked(),
      }),
    };
  }

  return async (records, purpose) => {
    const rejections: Rejection[] = [];
    const rows: Promise<object>[] = [];
    for (const record of records) {
      const { line } = record;
      const { row, reasons, knownId } = judgeRow(record, settings);
      if (reasons.length > 0) rejections.push({ line, reasons, external_id: knownId });
      if (reasons.length === 0 || (settings.dropBadNumbers && reasons.every(isAboutTheNumber))) {
        rows.push(toRow(line, row, purpose));
      }
    }
    const rejected = records.length - rows.length;
    return { rows: JSON.stringify(await Promise.all(rows)), rejections: JSON.stringify(rejections), rejected };
  };
}

function isAboutTheNumber(reason: string): boolean {
  return reason === 'personnummer_malformed' || reason === 'personnummer_not_accepted';
}
